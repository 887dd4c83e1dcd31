/*
 * fold: records added up by some of their keys.
 *
 *	fold_init(&f, from, to, groups, totals)
 *	fold_fix(&f, key, value)	only what has this value
 *	fold_add(&f, record)		each of them
 *	fold_free(&f)
 *
 * The first record may be left without its groups, if nothing of it is folded.
 *
 * A process counts once in each group, however many of its own groups are in that. One that shares
 * the memory of another (record.h) is in the groups, with nothing of its own.
 */
#ifndef MODEL_FOLD_H
#define MODEL_FOLD_H

#include "model/shares.h"

enum { FOLD_FIXED_MAX = 2 * KEY_COUNT };

struct fold {
	const struct grouping *from; /* of the records */
	unsigned parts;		     /* of the keys that come out, and of each: */
	unsigned places[KEY_COUNT];  /* where it is among those of the records */
	struct fold_fixed {
		unsigned place;
		symbol value;
	} fixed[FOLD_FIXED_MAX];
	unsigned fixed_count;
	struct aggregate *groups;
	struct group *totals;
	const struct shares *shares; /* of swapped shared memory; NULL where they are not known */
	bool shares_follow;	     /* they are added later, when all records are there */
	size_t *counted;	     /* by group: the number of the last process in it, */
	uint32_t counted_capacity;
	size_t process; /* and that of the one at hand, from 1 */
};

/* `to` has no key that `from` lacks. `from`, the groups, which have the symbols of the records, and
 * the totals must outlive the fold. */
void fold_init(struct fold *f, const struct grouping *from, const struct grouping *to,
	       struct aggregate *groups, struct group *totals);
void fold_free(struct fold *f);

/* `value` is a symbol of the records, or SYMBOL_NONE for what has no value. */
void fold_fix(struct fold *f, enum key key, symbol value);

/* Whether a group of a record with this key is in the fold; then fills what key it comes under. */
bool fold_key(const struct fold *f, const symbol *key, symbol *folded);

/* Adds the groups of a record; f->shares may be set before. False if out of memory. */
bool fold_add(struct fold *f, const struct record *r);

/* With f->shares_follow: adds the shares of a record that was folded. */
void fold_add_shares(struct fold *f, const struct record *r);

#endif
