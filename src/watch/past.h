/*
 * past: the size of each process's memory at earlier refreshes, by the keys of its record.
 *
 * It gives new views a history. It is far smaller than the records, and a process that did nothing
 * shares its sizes with the moment before. The total is limited; the oldest moments are dropped
 * first.
 */
#ifndef WATCH_PAST_H
#define WATCH_PAST_H

#include "model/record.h"
#include "model/snapshot.h"
#include "model/translate.h"

/* The sizes of one process for as long as it had one record. Reference-counted by moments. */
struct sizes {
	unsigned holders;
	uint64_t moved; /* number of the symbol table that its keys belong to */
	size_t bytes;	/* memory that it takes itself */
	uint32_t count;
	struct size {
		uint64_t pss, rss; /* bytes; UINT64_MAX if unknown */
	} * list;
	symbol *keys; /* for each size as many as the record has */
};

/* All processes at one refresh. */
struct moment {
	struct sizes **list; /* owned, including a reference to each */
	size_t count;
};

/* Two fewer than a history has: the watch itself has the last two refreshes. */
enum { PAST_MAX = HISTORY_MAX - 2 };

struct past {
	struct moment moments[PAST_MAX]; /* oldest first */
	unsigned count;
	size_t bytes; /* currently allocated */
};

/* Whether a moment with this many groups is worth keeping. */
bool past_has_room(const struct grouping *by, size_t groups);

/* Returns one reference to the caller. NULL if out of memory. */
struct sizes *past_make_sizes(struct past *p, const struct record *r, const struct grouping *by,
			      uint64_t moves);
void past_release(struct past *p, struct sizes *s);

/* Adds the newest moment, taking over its list and references. */
void past_add(struct past *p, struct moment moment);
void past_clear(struct past *p);

/* Translates the keys to another table of symbols, number `moves`. False if out of memory. */
bool past_move(struct past *p, struct translation *t, const struct grouping *by, uint64_t moves);

#endif
