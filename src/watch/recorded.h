/*
 * recorded: lets a watch step through a recording instead of reading processes.
 *
 *	w = recorded_watch(&r, options)	a watch by the keys of the player's sample, shown
 *	recorded_show(&r, w)		shows any sample, with its history
 *	recorded_next(&r, w)		shows the next sample
 *
 * A record of the watch is of one process, or of all processes that were recorded as one.
 */
#ifndef WATCH_RECORDED_H
#define WATCH_RECORDED_H

#include "recording/player.h"
#include "recording/seek.h"
#include "watch/watch.h"

struct recorded {
	struct player *player; /* borrowed */
	struct gap gap;	       /* before the sample shown */
	uint64_t index, count; /* position of the sample, from 1, and number of all samples */
	uint64_t mark;	       /* the sample from which growth counts; 0 for none */
	uint64_t mark_ms;      /* the time of that sample */
};

/* Whether the watch has the keys of the player's current sample. */
bool recorded_suits(const struct recorded *r, const struct watch *w);

/* A new watch, which shows the player's current sample. The mark stays if its sample has the same
 * keys. NULL with *e. */
struct watch *recorded_watch(struct recorded *r, const struct watch_options *options,
			     struct error *e);

/* The wanted keys, or those of the broadest available view if any wanted key is missing. */
struct grouping recorded_grouping(const struct watch *w, const struct grouping *wanted);

/* Shows the player's current sample, with the samples before it, back to a gap, as its history. 0,
 * or -1 with *e. */
int recorded_show(struct recorded *r, struct watch *w, struct error *e);

/* Shows the next sample. 1; 2 if it has become the current one but has other keys, so that another
 * watch is needed; 0 if there is none; or -1 with *e, and on ERROR_USAGE with the same sample as
 * before. */
int recorded_next(struct recorded *r, struct watch *w, struct error *e);

/* Marks the sample shown: growth counts from it. False if out of memory. */
bool recorded_mark(struct recorded *r, struct watch *w);

#endif
