/*
 * limits: detects that more memory is read than the process can have.
 *
 * A process that keeps moving mappings ahead of the reader would be counted repeatedly, for as long
 * as it likes. So a reading is rejected if it has more than the process can have had at any moment:
 * more bytes than statm says, or far more mappings than a recount of maps up to the reader's
 * position.
 *
 * The system's own limit is no help: vm.max_map_count may have been lowered since, and may be
 * hidden.
 */
#ifndef SOURCE_LIMITS_H
#define SOURCE_LIMITS_H

#include "source/io.h"

struct limits {
	struct stage next;
	struct io *io;
	const struct procdir *dir;
	struct amount {
		uint64_t mappings, size, resident; /* bytes, except `mappings` */
	} max, seen;
	/* Numbers of mappings at which they are recounted: in any case, or if more bytes were seen
	 * than there are. */
	uint64_t count_at, count_suspect_at;
};

/* Call before each reading of a process of a running system. Returns the stage that passes mappings
 * on to `next`, or fails with ERROR_TRUNCATED if there are too many. */
struct stage limits_begin(struct limits *l, struct io *io, const struct procdir *dir,
			  struct stage next);

#endif
