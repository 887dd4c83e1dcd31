/*
 * snapshot: everything that one reading found, immutable once it is collected.
 *
 * It owns its symbols; every symbol and slice that it hands out lives as long as it does.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/commands.h"
#include "model/coverage.h"
#include "model/shares.h"
#include "source/machine.h"

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

/* Sentences for the user; each means that the program failed. */
struct problems {
	struct problem {
		size_t target; /* of the source's list */
		char *text;
	} * list; /* owned */
	size_t count;
};

/* Processes that have the memory of another, which counts it. */
struct sharers {
	struct sharer {
		pid_t pid, with;
	} * list; /* owned; in ascending order of pids once the snapshot is finished */
	size_t count;
};

struct snapshot {
	enum source_kind source;
	struct machine machine;

	struct grouping by;
	struct intern symbols;
	struct aggregate groups;
	struct group totals;	  /* processes: those with at least one mapping in a group */
	struct commands commands; /* of its processes, if they were asked for */

	struct coverage coverage;
	struct read_stats stats;
	struct problems problems;
	struct sharers sharers;

	/* Of a watch; else NULL. */
	struct trend *trends; /* one for each group, and behind them that of the totals */
	uint64_t refresh;     /* number of it, from 1 */
	uint64_t kept;	      /* processes that were not read again, having done nothing */

	/* Of a recording; else 0. */
	uint64_t sample;	 /* number of it */
	bool processes_at_least; /* it does not tell processes apart: there may be more of them */

	/* Why SWAPPSS of swapped shared memory is not known: */
	bool shares_incomplete;	      /* other processes may map it, */
	uint64_t unmeasured_segments; /* or it is not known how much of it is swapped */

	/* What is known of the objects that KEY_SEGMENT tells apart; or NULL. */
	const struct shares *segments;
	struct shares own_segments; /* where they are those of a single report */

	bool inferred; /* unnamed memory may have a guess for a label */
	enum { EXCLUSIVE_UNASKED, EXCLUSIVE_BOUNDS, EXCLUSIVE_EXACT } exclusive;
	bool objects_unseen; /* with EXCLUSIVE_EXACT: nobody knows who else has shared memory */
	bool verified;
	struct verification verification;
};

/* The states of a trend, as a word and as a character. */
extern const char *const trend_names[TREND_COUNT], *const trend_marks[TREND_COUNT];

void snapshot_init(struct snapshot *s, enum source_kind source, const struct grouping *by);
void snapshot_free(struct snapshot *s);

/* Adds groups whose keys are of another table of symbols. False if out of memory. */
bool snapshot_add_groups(struct snapshot *s, const struct intern *symbols,
			 const struct aggregate *groups);

/* Remembers it of a record; false if out of memory. */
bool snapshot_add_sharer(struct snapshot *s, const struct record *r);

/* Whose memory a process has; 0 for its own. */
pid_t snapshot_shares_with(const struct snapshot *s, pid_t pid);

/* Of processes that could not be read nothing is known, which is not zero: to be called last. */
void snapshot_finish(struct snapshot *s);

/* False if out of memory. */
bool problems_add(struct problems *p, size_t target, const char *text);
void problems_sort(struct problems *p);
void problems_free(struct problems *p);

#endif
