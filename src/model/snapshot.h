/*
 * snapshot: everything that one reading found, immutable once it is collected.
 *
 * It owns its symbols; every symbol and slice that it threads out lives as long as it does.
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

/* How much of a row's past is kept. */
enum { HISTORY_MAX = 32 };

/* What a watch knows of a row beyond the figures of now. Sizes are PSS, or RSS where PSS is not
 * known on both sides. */
struct trend {
	enum {
		TREND_READ,	/* something of it was read just now */
		TREND_KEPT,	/* all figures are those of an earlier reading */
		TREND_NEW,	/* it was not there at the last refresh */
		TREND_REPLACED, /* new too: another process, or program, under the same pid */
		TREND_GONE,	/* it was there at the last refresh; its counters are 0 */
		TREND_COUNT
	} state;
	bool change_known, growth_known;
	int64_t change;		       /* bytes, since the last refresh */
	int64_t growth;		       /* since the start */
	uint64_t history[HISTORY_MAX]; /* sizes, oldest first */
	unsigned history_count;
};

struct snapshot {
	enum source_kind source;
	struct machine machine;

	struct grouping by;
	struct intern symbols;
	struct aggregate groups;
	struct group totals; /* processes: those with at least one mapping in a group */
	/* Processes with swapped shared memory in a group. Swap counts it whole in each of them. */
	uint64_t shared_swappers;
	uint64_t unidentified; /* processes that may be wanted: what that goes by is not known */

	struct coverage coverage;
	struct read_stats stats;
	struct problem {
		size_t target; /* of the source's list */
		char *text;
	} * problems; /* sentences for the user; each means that the program failed */
	size_t problem_count;

	/* Of a watch; else NULL. */
	struct trend *trends; /* one for each group, and behind them that of the totals */
	uint64_t refresh;     /* number of it, from 1 */
	uint64_t kept;	      /* processes that were not read again, having done nothing */

	bool inferred; /* unnamed memory may have a guess for a label */
	bool verified;
	struct verification verification;
};

/* Adds groups whose keys are of another table of symbols. False when there is no memory. */
bool snapshot_add_groups(struct snapshot *s, const struct intern *symbols,
			 const struct aggregate *groups);

/* Adds what other readings have cost. */
void read_stats_add(struct read_stats *e, const struct read_stats *from);

/* The states of a trend, as a word and as a character. */
extern const char *const trend_names[TREND_COUNT], *const trend_marks[TREND_COUNT];

void snapshot_init(struct snapshot *s, enum source_kind source, const struct grouping *by);
void snapshot_free(struct snapshot *s);

/* False when there is no memory. */
bool snapshot_add_problem(struct snapshot *s, size_t target, const char *text);

/* Adds what another reading of the same source, by the same keys, found. False when there is no
 * memory. */
bool snapshot_merge(struct snapshot *s, const struct snapshot *from);

/* Gives what has no order of its own one that does not depend on who read what when. */
void snapshot_sort(struct snapshot *s);

#endif
