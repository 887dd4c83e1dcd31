/*
 * view: a watch by some of its keys, as a snapshot with trends.
 *
 *	view_init(&v, by)
 *	view_fix(&v, key, value)	only what has this value: the way down to here
 *	view_update(&v, w)		after each refresh; v.snapshot is then right
 *	view_free(&v)
 *
 * Rows that went at the last refresh are there once more, with counters of 0.
 */
#ifndef WATCH_VIEW_H
#define WATCH_VIEW_H

#include "watch/watch.h"

struct view {
	struct grouping by;
	struct fixed {
		enum key key;
		bool known;  /* else: only what has no value */
		char *bytes; /* of the symbol; owned */
		size_t length;
	} * fixed;
	size_t fixed_count;
	struct snapshot snapshot;
	struct snapshot start; /* what there was at the start, and at which one */
	uint64_t start_number;
};

void view_init(struct view *v, const struct grouping *by);
void view_free(struct view *v);

/* `value` is a symbol of `symbols`, or SYMBOL_NONE. False if out of memory. */
bool view_fix(struct view *v, enum key key, const struct intern *symbols, symbol value);

/* Whether a key is fixed, or grouped by. */
bool view_has(const struct view *v, enum key key);

/* 0, or -1 with *e. Once for each refresh; for one refresh again, it begins anew. */
int view_update(struct view *v, struct watch *w, struct error *e);

#endif
