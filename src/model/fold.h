/*
 * fold: adds up records by some of their keys.
 *
 *	fold_init(&f, from, to, groups, totals)
 *	fold_fix(&f, key, value)	keep only groups with this value
 *	fold_add(&f, record)		adds a record
 *	fold_free(&f)
 *
 * The fold may take the groups away from the first record, if it keeps them as they are.
 *
 * A process counts once in each group, however many of its own groups are folded into it. A process
 * that shares another one's memory (record.h) counts in the groups, but adds no memory.
 */
#ifndef MODEL_FOLD_H
#define MODEL_FOLD_H

#include "model/shares.h"

enum { FOLD_FIXED_MAX = 2 * KEY_COUNT };

struct fold {
	const struct grouping *from; /* of the records */
	unsigned parts;		     /* number of resulting keys; for each: */
	unsigned places[KEY_COUNT];  /* its index among the keys of the records */
	struct fold_fixed {
		unsigned place;
		symbol value;
	} fixed[FOLD_FIXED_MAX];
	unsigned fixed_count;
	struct aggregate *groups;
	struct group *totals;
	const struct shares *shares; /* of swapped shared memory; NULL if unknown */
	bool shares_follow;	     /* they are added later, when all records are there */
	size_t *counted;	     /* by group: the number of the last process counted in it; */
	uint32_t counted_capacity;
	size_t process; /* and the current process's number, from 1 */
	bool at_least;	/* processes could not be told apart: there may be more of them */
	/* Replaces the symbol of a resulting key, unless it is SYMBOL_NONE, so that groups of
	 * different names become one; or NULL. */
	symbol (*rename)(void *ctx, unsigned part, symbol name);
	void *rename_ctx;
};

/* `to` must not have a key that `from` lacks. `from`, the totals and the groups, which use the
 * records' symbols, must outlive the fold. */
void fold_init(struct fold *f, const struct grouping *from, const struct grouping *to,
	       struct aggregate *groups, struct group *totals);
void fold_free(struct fold *f);

/* `value` is a symbol of the records, or SYMBOL_NONE to match a missing value. */
void fold_fix(struct fold *f, enum key key, symbol value);

/* Whether a group with this key is part of the fold; if so, sets the key that it is added to. */
bool fold_key(const struct fold *f, const symbol *key, symbol *folded);

/* Adds the groups of a record; f->shares may be set before. False if out of memory. */
bool fold_add(struct fold *f, const struct record *r);

/* With f->shares_follow: adds the shares of a record that was folded. */
void fold_add_shares(struct fold *f, const struct record *r);

#endif
