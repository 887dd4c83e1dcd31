/*
 * limits: whether more is read of a process than it can have.
 *
 * A process that keeps moving mappings ahead of the reader would be counted repeatedly, for as long
 * as it likes. More than it can have had at any moment is therefore rejected: more bytes than statm
 * says, or mappings of which its maps, counted again up to where the reader is, has far fewer.
 *
 * What the system allows a process to have says nothing of one that is there already: the sysctl
 * vm.max_map_count may have been lowered since, and may be hidden.
 */
#ifndef SOURCE_LIMITS_H
#define SOURCE_LIMITS_H

#include "source/io.h"

struct limits {
	struct stage next;
	struct io *io;
	const struct procdir *dir;
	struct amount {
		uint64_t mappings, size, resident; /* bytes, but for the first */
	} max, seen;
	/* Mappings, at which they are counted again: in any case, or if more bytes were seen than
	 * there are. */
	uint64_t count_at, count_suspect_at;
};

/* Before each reading of a process of a running system: the stage that passes on to `next`, or
 * fails with ERROR_TRUNCATED when it is too much. */
struct stage limits_begin(struct limits *l, struct io *io, const struct procdir *dir,
			  struct stage next);

#endif
