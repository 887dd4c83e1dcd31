/*
 * segments: lists the shared memory objects of the running system or of a capture, mapped or not.
 *
 * These are the System V segments of our IPC namespace, the memfds that readable processes have
 * open, and the contents of each mounted tmpfs.
 */
#ifndef SOURCE_SEGMENTS_H
#define SOURCE_SEGMENTS_H

#include "source/segment.h"

/* Calls `found` for each object, for some several times. False if `found` stopped it. Objects that
 * cannot be read are skipped; for a capture, they are those that it lists. */
bool segments_list(const struct source *s, segment_fn *found, void *ctx);

/* Lists only the System V segments; their facts are complete. */
bool segments_list_sysv(const struct source *s, segment_fn *found, void *ctx);

/* Looks at an object through a mapping of a process of the running system, which takes
 * CAP_CHECKPOINT_RESTORE; of a capture, what it says. */
void segment_look(const struct source *s, pid_t pid, uint64_t start, uint64_t end,
		  const struct segment_id *id, struct segment_facts *facts);

#endif
