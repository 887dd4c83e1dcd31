/*
 * record: one process, read once, completely or not at all.
 *
 * Collecting produces only records, and everything else is made of them: a report folds those of
 * one moment (fold.h), the watch keeps them. A record says which process it is, how it was read,
 * and what memory it had, by the finest keys requested.
 *
 * Keys are symbols of a table that comes with the record; record_text.h writes it independently of
 * the table.
 */
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include "model/aggregate.h"
#include "model/key.h"
#include "model/verify.h"
#include "source/segment.h"

/* Whether the selection includes a process. */
enum match {
	MATCH_YES,
	MATCH_NO,
	MATCH_UNKNOWN, /* what the selection depends on could not be read */
};

/* A mapping of shared memory that is partly swapped; any mapping of shared memory, if records are
 * by KEY_SEGMENT. */
struct swapped_part {
	struct segment_id segment;
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* bytes from the start of the object */
	uint64_t swapped;    /* bytes of this range of the object */
	uint32_t group;	     /* of the record; GROUP_NONE if it is not wanted */
};

#define GROUP_NONE UINT32_MAX

/* As in JSON. */
extern const char *const outcome_names[OUTCOME_COUNT];

struct holdings;

struct record {
	size_t target;		/* its number in the list of targets */
	struct process process; /* identity, as far as requested; always has the pid */
	enum match match;	/* the members below are valid only with MATCH_YES */
	enum outcome outcome;
	unsigned how;	     /* HOW_BIT()s */
	bool swaps_shared;   /* it has swapped shared memory */
	pid_t shares_with;   /* the process that has and counts its memory; 0: it has its own */
	bool resident_known; /* of a denied process; and its resident memory: */
	uint64_t resident;   /* bytes */
	const char *problem; /* a sentence for the user, or NULL */
	const struct comparison *comparison; /* if verifying; or NULL */
	const struct holdings
		*holdings; /* see exclusive.h; if the reading asks for owners; or NULL */

	/* The groups: none unless outcome is OUTCOME_READ. */
	uint32_t count;
	struct group *groups;
	symbol *keys; /* for each group as many as there are grouping keys */
	bool inexact; /* a sum was cut off at COUNTER_MAX */
	/* Of a recording: how many processes the record is of, which cannot be told apart; each
	 * group says how many of them have it. 0: it is of one process. */
	uint64_t population;
	/* The aggregate that owns the groups, if it uses the records' symbols; or NULL. The
	 * receiver may take it and leave an empty one. */
	struct aggregate *aggregate;

	uint32_t part_count; /* in ascending order of groups */
	struct swapped_part *parts;
};

static inline symbol *record_key(const struct record *r, const struct grouping *by, uint32_t group)
{
	return r->keys + (size_t)group * by->count;
}

/* A copy that owns what it points to, without the comparison and the holdings: a single allocation,
 * freed with free(). NULL if out of memory. */
struct record *record_copy(const struct record *r, const struct grouping *by);

#endif
