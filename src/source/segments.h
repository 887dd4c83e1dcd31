/*
 * segments: the objects of shared memory that exist in the running system or in a capture, mapped
 * or not.
 *
 * These are System V segments of our IPC namespace, memfds that processes hold open which may be
 * read, and what lies on each tmpfs that is mounted here.
 */
#ifndef SOURCE_SEGMENTS_H
#define SOURCE_SEGMENTS_H

#include "source/segment.h"

/* Calls `found` for each, for some several times. False if that stopped it. What cannot be read is
 * left out. Of a capture they are those that it knows. */
bool segments_list(const struct source *s, segment_fn *found, void *ctx);

/* The System V segments alone; they are known completely. */
bool segments_list_sysv(const struct source *s, segment_fn *found, void *ctx);

/* Looks at an object through a mapping of a process of the running system, which takes
 * CAP_CHECKPOINT_RESTORE; of a capture, what it says. */
void segment_look(const struct source *s, pid_t pid, uint64_t start, uint64_t end,
		  const struct segment_id *id, struct segment_facts *facts);

#endif
