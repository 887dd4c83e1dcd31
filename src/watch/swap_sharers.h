/*
 * swap_sharers: divides swapped shared memory among all processes that map it, those included that
 * are not watched; for src/watch/ only.
 */
#ifndef WATCH_SWAP_SHARERS_H
#define WATCH_SWAP_SHARERS_H

#include "collect/collect.h"
#include "model/shares.h"
#include "watch/state.h"

/* The processes that are not watched but may share it. */
struct swap_sharers {
	struct record **records; /* only of those that do; owned */
	size_t count;
	uint64_t read_at; /* number of the refresh; 0 if never */
};

void swap_sharers_free(struct swap_sharers *o);

struct sharing {
	const struct source *source;
	const struct collect_options *collecting;
	uint64_t refresh;	 /* number of this refresh */
	const struct state *now; /* what is watched */
};

/* Makes the shares anew. If that fails, they are unknown. */
void swap_sharers_share(struct swap_sharers *o, const struct sharing *r, struct shares *shares);

#endif
