/*
 * apportion: divides the counters of a mapping among its parts so that they add up to the byte.
 *
 *	apportion_begin(&a, whole, parts, count)
 *	apportion_next(&a, part, counters)	for each part in turn
 */
#ifndef SOURCE_APPORTION_H
#define SOURCE_APPORTION_H

#include "parse/counters.h"

/* A part of a mapping; its pages, as far as known, are in bytes. */
struct part {
	uint64_t start, end;
	const char *name; /* NULL for none */
	uint64_t resident, exclusive, swapped;
	uint64_t protected; /* part of `swapped`: pages marked write-protected (pages.c) */
};

/* A captured part has no more pages than fit, so that sums of them do not overflow. */
static inline bool part_is_plausible(const struct part *p)
{
	return p->start < p->end && p->exclusive <= p->resident &&
	       p->resident <= p->end - p->start && p->swapped <= p->end - p->start;
}

enum weight { BY_SIZE, BY_RESIDENT, BY_EXCLUSIVE, BY_SHARED, BY_SWAPPED, WEIGHT_COUNT };

struct apportionment {
	const struct counters *whole;
	uint64_t all[WEIGHT_COUNT], done[WEIGHT_COUNT]; /* sums of all parts, and of those done */
};

/* `whole` must outlive the apportionment. */
void apportion_begin(struct apportionment *a, const struct counters *whole,
		     const struct part *parts, size_t count);
void apportion_next(struct apportionment *a, const struct part *part, struct counters *counters);

#endif
