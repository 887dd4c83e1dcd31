/*
 * segments: lists the shared memory objects of the running system, mapped or not.
 *
 * These are the System V segments of our IPC namespace, the memfds that readable processes have
 * open, and the contents of each mounted tmpfs.
 */
#ifndef SOURCE_SEGMENTS_H
#define SOURCE_SEGMENTS_H

#include "source/segment.h"

/* The name is a label, or the mount point of a tmpfs. For a tmpfs, the inode is 0 and only
 * `allocated` is known. Return false to stop. */
typedef bool segment_fn(void *ctx, const struct segment_id *id, struct slice name,
			const struct segment_facts *facts);

/* Calls `found` for each object, for some several times. False if `found` stopped it. Objects that
 * cannot be read are skipped; a capture has none. */
bool segments_list(const struct source *s, segment_fn *found, void *ctx);

/* Lists only the System V segments; their facts are complete. */
bool segments_list_sysv(const struct source *s, segment_fn *found, void *ctx);

#endif
