/*
 * frames: which pages of private memory others may map too, by /proc/PID/pagemap.
 *
 *	f = frames_new(io)
 *	frames_begin(f, dir, next)	before each reading of a process: the stage for its mappings
 *	frames_end(f)			after it
 *	frames_free(f)
 *
 * Only mappings that smaps says share something are looked at. A page that this process maps once,
 * and nobody else, is counted; the others are listed by their frame or place in swap, which the
 * kernel gives only to who had CAP_SYS_ADMIN when pagemap was opened.
 */
#ifndef SOURCE_FRAMES_H
#define SOURCE_FRAMES_H

#include "source/io.h"

struct frames;

/* NULL if out of memory. */
struct frames *frames_new(struct io *io);
void frames_free(struct frames *f);

/* What cannot be looked at passes as it is. */
struct stage frames_begin(struct frames *f, const struct procdir *dir, struct stage next);
void frames_end(struct frames *f);

#endif
