/*
 * past: how large the memory of each process was at earlier refreshes, by the keys of its record.
 *
 * A view that nobody had until now has a history from this. It is far smaller than the records, and
 * a process that did nothing shares its sizes with the moment before; what is kept is limited, and
 * the oldest moments go first.
 */
#ifndef WATCH_PAST_H
#define WATCH_PAST_H

#include "model/record.h"
#include "model/snapshot.h"
#include "model/translate.h"

/* Those of one process while it had one record. Several moments may hold them. */
struct sizes {
	unsigned holders;
	uint64_t moved; /* the table of symbols that its keys are of */
	size_t bytes;	/* that it takes itself */
	uint32_t count;
	struct size {
		uint64_t pss, rss; /* bytes; UINT64_MAX if unknown */
	} * list;
	symbol *keys; /* as many to each as the record has */
};

/* All processes at one refresh. */
struct moment {
	struct sizes **list; /* owned, and so are holds */
	size_t count;
};

/* Two less than a history has: that of the last refresh and the one before are in the watch. */
enum { PAST_MAX = HISTORY_MAX - 2 };

struct past {
	struct moment moments[PAST_MAX]; /* oldest first */
	unsigned count;
	size_t bytes; /* of what was made and not freed */
};

/* Whether a moment with this many groups is worth keeping. */
bool past_has_room(const struct grouping *by, size_t groups);

/* Held once, by the caller. NULL if out of memory. */
struct sizes *past_make_sizes(struct past *p, const struct record *r, const struct grouping *by,
			      uint64_t moves);
void past_release(struct past *p, struct sizes *s);

/* Adds the newest moment, whose list and holds it takes over. */
void past_add(struct past *p, struct moment moment);
void past_clear(struct past *p);

/* The keys become symbols of another table, the `moves`th. False if out of memory. */
bool past_move(struct past *p, struct translation *t, const struct grouping *by, uint64_t moves);

#endif
