/*
 * delta: two snapshots by the same keys, group by group.
 *
 *	delta_make(&d, &before, &after, &e)
 *	d.rows			a snapshot with the keys of both sides; delta_row() tells of a
 *				group of it what each side has
 *	delta_free(&d)
 *
 * Groups are matched by what their keys say, so those of a process by pid, start and name, and
 * those of a label by its text and origin.
 */
#ifndef MODEL_DELTA_H
#define MODEL_DELTA_H

#include "model/snapshot.h"

struct delta_row {
	bool in_before, in_after;     /* a side without the group has no such memory, */
	struct group before, after;   /* which is then all 0; */
	bool before_open, after_open; /* or nobody knows: not all of that side was read */
};

struct delta {
	struct snapshot rows; /* sums of both sides */
	struct delta_row *list, totals;
	const struct snapshot *before, *after; /* which must outlive it */
};

/* 0, or -1 with *e if out of memory; delta_free() in any case. */
int delta_make(struct delta *d, const struct snapshot *before, const struct snapshot *after,
	       struct error *e);
void delta_free(struct delta *d);

/* `group` is one of the rows; NULL stands for the totals. */
const struct delta_row *delta_row(const struct delta *d, const struct group *group);

#endif
