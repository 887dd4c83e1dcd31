/*
 * snapshot: everything that one reading found, immutable once it is collected.
 *
 * It owns its symbols; every symbol and slice that it hands out lives as long as it does.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/aggregate.h"
#include "model/key.h"
#include "model/verify.h"
#include "source/machine.h"

/* Of the processes that were asked for, each in exactly one of `by_outcome`. */
struct coverage {
	uint64_t seen;
	uint64_t by_outcome[OUTCOME_COUNT];
};

/* Processes that had something to read and were not read. */
uint64_t coverage_missed(const struct coverage *c);

struct snapshot {
	enum source_kind source;
	struct machine machine;

	struct grouping by;
	struct intern symbols;
	struct aggregate groups;
	struct group totals; /* processes: those with at least one mapping in a group */
	/* Processes with swapped shared memory in a group. Swap counts it whole in each of them. */
	uint64_t shared_swappers;

	struct coverage coverage;
	char **problems; /* sentences for the user; each means that the program failed */
	size_t problem_count;

	bool verified;
	struct verification verification;
};

void snapshot_free(struct snapshot *s);

#endif
