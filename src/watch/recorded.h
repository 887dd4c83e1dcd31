/*
 * recorded: has a watch go through a recording instead of reading processes.
 *
 *	w = recorded_watch(&r, options)	a watch by the keys of the player's sample, which it shows
 *	recorded_show(&r, w)		shows any sample, with what was before it
 *	recorded_next(&r, w)		shows the next one
 *
 * A record of the watch is of a process, or of all those that the recording does not tell apart.
 */
#ifndef WATCH_RECORDED_H
#define WATCH_RECORDED_H

#include "recording/player.h"
#include "recording/seek.h"
#include "watch/watch.h"

struct recorded {
	struct player *player; /* borrowed */
	struct gap gap;	       /* before the sample that is shown */
	uint64_t index, count; /* its place among all samples, from 1 */
	uint64_t mark;	       /* the sample that growth counts from; 0 for none */
	uint64_t mark_ms;      /* its time */
};

/* Whether a watch was made for the keys that the current sample of the player has. */
bool recorded_suits(const struct recorded *r, const struct watch *w);

/* A new watch, which shows the current sample of the player. The mark is kept as far as that has
 * the same keys. NULL with *e. */
struct watch *recorded_watch(struct recorded *r, const struct watch_options *options,
			     struct error *e);

/* The keys that are wanted, or those of the broadest view that there is if any of them is missing.
 */
struct grouping recorded_grouping(const struct watch *w, const struct grouping *wanted);

/* Shows the current sample of the player, with those before it, up to a gap, as history. 0, or -1
 * with *e. */
int recorded_show(struct recorded *r, struct watch *w, struct error *e);

/* Shows the next sample. 1, 2 if it has become the current one, but has other keys and needs
 * another watch, 0 if there is none, or -1 with *e, and on ERROR_USAGE with the same sample as
 * before. */
int recorded_next(struct recorded *r, struct watch *w, struct error *e);

/* Marks the sample that is shown: growth counts from there. False if out of memory. */
bool recorded_mark(struct recorded *r, struct watch *w);

#endif
