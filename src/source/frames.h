/*
 * frames: finds the pages of private memory that other processes may map too, from
 * /proc/PID/pagemap.
 *
 *	f = frames_new(io)
 *	frames_begin(f, dir, next)	before each reading of a process: the stage for its mappings
 *	frames_end(f)			after it
 *	frames_free(f)
 *
 * Only mappings that share something according to smaps are looked at. Pages mapped only once are
 * counted; the others are listed by frame number or swap slot, which the kernel shows only if
 * pagemap was opened with CAP_SYS_ADMIN.
 */
#ifndef SOURCE_FRAMES_H
#define SOURCE_FRAMES_H

#include "source/io.h"

struct frames;

/* NULL if out of memory. */
struct frames *frames_new(struct io *io);
void frames_free(struct frames *f);

/* Mappings that cannot be examined are passed on unchanged. */
struct stage frames_begin(struct frames *f, const struct procdir *dir, struct stage next);
void frames_end(struct frames *f);

#endif
