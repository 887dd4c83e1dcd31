/*
 * segments: the objects of shared memory that exist in the running system, mapped or not.
 *
 * These are System V segments of our IPC namespace, memfds that processes hold open which may be
 * read, and what lies on each tmpfs that is mounted here.
 */
#ifndef SOURCE_SEGMENTS_H
#define SOURCE_SEGMENTS_H

#include "source/segment.h"

/* The name is that of the object: a label, or where a tmpfs is mounted. Of a tmpfs, the inode is 0,
 * and only `allocated` is known. False to stop. */
typedef bool segment_fn(void *ctx, const struct segment_id *id, struct slice name,
			const struct segment_facts *facts);

/* Calls `found` for each, for some several times. False if that stopped it. What cannot be read is
 * left out, and so is all of a capture. */
bool segments_list(const struct source *s, segment_fn *found, void *ctx);

/* The System V segments alone; they are known completely. */
bool segments_list_sysv(const struct source *s, segment_fn *found, void *ctx);

#endif
