/*
 * snapshot: everything that one reading found, immutable once complete.
 *
 * It owns its symbols; all symbols and slices in it are valid as long as it is.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/commands.h"
#include "model/coverage.h"
#include "model/shares.h"
#include "model/usages.h"
#include "source/machine.h"

/* Length of a row's history. */
enum { HISTORY_MAX = 32 };

/* What a watch knows about a row besides its current figures. Sizes are PSS, or RSS if PSS is not
 * known on both sides. */
struct trend {
	enum {
		TREND_READ,	/* at least a part was read just now */
		TREND_KEPT,	/* all figures are from an earlier reading */
		TREND_NEW,	/* not there at the last refresh */
		TREND_REPLACED, /* also new: another process or program under the same pid */
		TREND_GONE,	/* there at the last refresh, but no longer; its counters are 0 */
		TREND_COUNT
	} state;
	bool change_known, growth_known;
	int64_t change;		       /* bytes, since the last refresh */
	int64_t growth;		       /* since the start */
	uint64_t history[HISTORY_MAX]; /* sizes, oldest first */
	unsigned history_count;
};

/* Sentences for the user; with any, the program fails. */
struct problems {
	struct problem {
		size_t target; /* index in the source's list */
		char *text;
	} * list; /* owned */
	size_t count;
};

/* Processes whose memory is another's, which counts it. */
struct sharers {
	struct sharer {
		pid_t pid, with;
	} * list; /* owned; sorted by pid once the snapshot is finished */
	size_t count;
};

struct delta;

struct snapshot {
	enum source_kind source;
	struct machine machine;

	struct grouping by;
	struct intern symbols;
	struct aggregate groups;
	struct group totals;	  /* processes: those with a mapping in any group */
	struct commands commands; /* of the processes, if requested */
	struct usages usages;	  /* of control groups, likewise */

	struct coverage coverage;
	struct read_stats stats;
	struct problems problems;
	struct sharers sharers;

	/* For a watch; else NULL. */
	struct trend *trends; /* one per group, followed by that of the totals */
	uint64_t refresh;     /* its number, from 1 */
	uint64_t kept;	      /* processes not read again, since they did nothing */

	/* Of a recording; else 0. */
	uint64_t sample;	 /* number of it */
	bool processes_at_least; /* it does not tell processes apart: there may be more of them */

	/* Why SWAPPSS of swapped shared memory is unknown: */
	bool shares_incomplete;	      /* other processes may map it, */
	uint64_t unmeasured_segments; /* or for so many objects, the swapped part is unknown */

	/* What is known about the objects of KEY_SEGMENT; or NULL. */
	const struct shares *segments;
	struct shares own_segments; /* used if they belong to this snapshot alone */

	/* Of two that are compared, what each side has; else NULL. */
	const struct delta *delta;

	bool rows_left_out; /* of a report that was read back: it was written without all rows */

	bool inferred; /* unnamed memory may have a guess as its label */
	enum { EXCLUSIVE_UNASKED, EXCLUSIVE_BOUNDS, EXCLUSIVE_EXACT } exclusive;
	bool heaps;	     /* the amounts that malloc has handed out were requested */
	bool objects_unseen; /* with EXCLUSIVE_EXACT: unknown who else uses shared memory */
	bool verified;
	struct verification verification;
};

/* The states of a trend, as words and as characters. */
extern const char *const trend_names[TREND_COUNT], *const trend_marks[TREND_COUNT];

void snapshot_init(struct snapshot *s, enum source_kind source, const struct grouping *by);
void snapshot_free(struct snapshot *s);

/* Adds groups whose keys belong to another table of symbols. False if out of memory. */
bool snapshot_add_groups(struct snapshot *s, const struct intern *symbols,
			 const struct aggregate *groups);

/* Records that a process shares another's memory; false if out of memory. */
bool snapshot_add_sharer(struct snapshot *s, const struct record *r);

/* The process whose memory `pid` shares; 0 if its own. */
pid_t snapshot_shares_with(const struct snapshot *s, pid_t pid);

/* Call last. If processes could not be read and nothing is known, makes the totals unknown rather
 * than 0. */
void snapshot_finish(struct snapshot *s);

/* False if out of memory. */
bool problems_add(struct problems *p, size_t target, const char *text);
void problems_sort(struct problems *p);
void problems_free(struct problems *p);

#endif
