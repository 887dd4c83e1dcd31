/*
 * view: shows a watch by some of its keys, as a snapshot with trends.
 *
 *	view_init(&v, by)
 *	view_fix(&v, key, value)	limits it to one value of a key
 *	view_update(&v, w)		after each refresh; updates v.snapshot
 *	view_free(&v)
 *
 * Rows that have just gone are shown once more, with counters of 0.
 */
#ifndef WATCH_VIEW_H
#define WATCH_VIEW_H

#include "watch/watch.h"

struct view {
	struct grouping by;
	struct fixed {
		enum key key;
		bool known;  /* else match only a missing value */
		char *bytes; /* contents of the symbol; owned */
		size_t length;
	} * fixed;
	size_t fixed_count;
	struct snapshot snapshot;
	struct snapshot start; /* the state at the start, and the number of that start */
	uint64_t start_number;
	uint64_t refresh; /* of the watch, that the snapshot shows; 0 for none */
};

void view_init(struct view *v, const struct grouping *by);
void view_free(struct view *v);

/* `value` is a symbol of `symbols`, or SYMBOL_NONE. False if out of memory. */
bool view_fix(struct view *v, enum key key, const struct intern *symbols, symbol value);

/* Whether a key is fixed, or one of those grouped by. */
bool view_has(const struct view *v, enum key key);

/* 0, or -1 with *e. Call it once per refresh; if a refresh is repeated or skipped, it starts
 * over. */
int view_update(struct view *v, struct watch *w, struct error *e);

#endif
