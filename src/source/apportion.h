/*
 * apportion: the counters of one mapping, divided among its parts so that they sum to the byte.
 *
 *	apportion_begin(&a, whole, parts, count)
 *	apportion_next(&a, part, counters)	for each part in turn
 */
#ifndef SOURCE_APPORTION_H
#define SOURCE_APPORTION_H

#include "parse/counters.h"

/* A part of a mapping, and its pages as far as they are known, in bytes. */
struct part {
	uint64_t start, end;
	const char *name; /* NULL for none */
	uint64_t resident, exclusive, swapped;
	uint64_t protected; /* of what is swapped, or looks so (pages.c) */
};

enum weight { BY_SIZE, BY_RESIDENT, BY_EXCLUSIVE, BY_SHARED, BY_SWAPPED, WEIGHT_COUNT };

struct apportionment {
	const struct counters *whole;
	uint64_t all[WEIGHT_COUNT], done[WEIGHT_COUNT]; /* of all parts, and of those so far */
};

/* `whole` must outlive the apportionment. */
void apportion_begin(struct apportionment *a, const struct counters *whole,
		     const struct part *parts, size_t count);
void apportion_next(struct apportionment *a, const struct part *part, struct counters *counters);

#endif
