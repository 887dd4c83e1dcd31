/*
 * limits: whether more is read of a process than it can have.
 *
 * A process that keeps moving mappings ahead of the reader would be counted repeatedly, for as long
 * as it likes. More than it can have had at any moment is therefore rejected.
 */
#ifndef SOURCE_LIMITS_H
#define SOURCE_LIMITS_H

#include "source/procdir.h"
#include "source/source.h"

struct limits {
	struct stage next;
	const struct procdir *dir;
	bool known;
	struct amount {
		uint64_t mappings, size, resident; /* bytes, but for the first */
	} max, seen;
};

/* Before each reading of a process: the stage that passes on to `next`, or fails with
 * ERROR_TRUNCATED when it is too much. `max_mappings` is 0 where nothing limits the process. */
struct stage limits_begin(struct limits *l, const struct procdir *dir, uint64_t max_mappings,
			  struct stage next);

#endif
