/*
 * coverage: what became of the processes that were asked for.
 */
#ifndef MODEL_COVERAGE_H
#define MODEL_COVERAGE_H

#include "model/record.h"

/* Each process is in exactly one of `by_outcome`. */
struct coverage {
	uint64_t seen;
	uint64_t by_outcome[OUTCOME_COUNT];
	uint64_t by_how[HOW_COUNT];
	uint64_t unmatched; /* not in `seen`: whether they are asked for is unknown */
	uint64_t
		shared_swappers; /* have swapped shared memory, which SWAP counts in each of them */
	pid_t timed_out;	 /* one of those that timed out */
};

/* Counts a process. */
void coverage_add(struct coverage *c, const struct record *r);

/* Processes that had something to read and were not read. */
uint64_t coverage_missed(const struct coverage *c);

#endif
