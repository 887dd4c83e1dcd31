/*
 * record: one process, read once, whole or not at all.
 *
 * It is all that collecting gives, and everything else is made of records: a report folds those of
 * one moment (fold.h), the watch keeps them. A record says who the process is, how it was read, and
 * what memory it had by the finest keys that anybody asked for.
 *
 * Keys are symbols of a table that comes with the record; record_text.h writes it by label and
 * process, whatever the table.
 */
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include "model/aggregate.h"
#include "model/key.h"
#include "model/verify.h"
#include "source/segment.h"

/* Whether a process is one of those that the selection asks for. */
enum match {
	MATCH_YES,
	MATCH_NO,
	MATCH_UNKNOWN, /* what the selection goes by could not be read */
};

/* A mapping of shared memory that is partly swapped; or any, if records are by KEY_SEGMENT. */
struct swapped_part {
	struct segment_id segment;
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* bytes into the object */
	uint64_t swapped;    /* bytes of this range of the object */
	uint32_t group;	     /* of the record, or GROUP_NONE if it is not wanted */
};

#define GROUP_NONE UINT32_MAX

/* As in JSON. */
extern const char *const outcome_names[OUTCOME_COUNT];

struct holdings;

struct record {
	size_t target;		/* its number in the list of what was read */
	struct process process; /* who it is, as far as that was asked for; the pid always */
	enum match match;	/* unless it is MATCH_YES, nothing below means anything */
	enum outcome outcome;
	unsigned how;			     /* HOW_BIT()s */
	bool swaps_shared;		     /* it has swapped shared memory */
	pid_t shares_with;		     /* whose memory it has, and counts it; 0: its own */
	bool resident_known;		     /* of one that is denied, and how much: */
	uint64_t resident;		     /* bytes */
	const char *problem;		     /* a sentence for the user, or NULL */
	const struct comparison *comparison; /* if the reading verifies; or NULL */
	const struct holdings *holdings;     /* of exclusive.h, if it asks for owners; or NULL */

	/* Its groups: none unless outcome is OUTCOME_READ. */
	uint32_t count;
	struct group *groups;
	symbol *keys; /* as many to each group as there are grouping keys */
	bool inexact; /* a sum was cut off at COUNTER_MAX */
	/* What the groups are of, if it has the symbols of the records; who gets the record may
	 * take it and leave an empty one. Or NULL. */
	struct aggregate *aggregate;

	uint32_t part_count; /* in ascending order of their groups */
	struct swapped_part *parts;
};

static inline symbol *record_key(const struct record *r, const struct grouping *by, uint32_t group)
{
	return r->keys + (size_t)group * by->count;
}

/* A copy that owns what it points to, but for the comparison and the holdings, which it lacks: one
 * piece of memory, freed with free(). NULL when there is none. */
struct record *record_copy(const struct record *r, const struct grouping *by);

#endif
