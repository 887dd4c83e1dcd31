/*
 * division: one mapping as several, each with its share of the counters; for src/source/ only.
 */
#ifndef SOURCE_DIVISION_H
#define SOURCE_DIVISION_H

#include "parse/smaps.h"
#include "source/apportion.h"
#include "source/process_memory.h"

/* Parts ascend without gaps from the mapping's start to its end. The caller gives their addresses.
 */
struct division {
	const struct mapping *whole;
	struct part *parts;
	size_t count;
	bool is_counted; /* the pages of the parts are known already */
	bool swap_known; /* which part swapped pages belong to; set by division_count() */
};

/* Whether it is known that no page of a mapping is shared or swapped. */
bool division_is_exclusive(const struct mapping *whole);

/* Counts the pages of the parts, if the mapping has any. 0, or -1 with errno. */
int division_count(struct division *d, struct process_memory *memory);

/* Takes one part as a mapping; see mapping_fn. */
typedef int division_fn(void *ctx, const struct mapping *m, const struct part *part,
			struct error *e);

/* Passes each part on. 0, or what `take` returned. */
int division_deliver(const struct division *d, division_fn *take, void *ctx, struct error *e);

#endif
