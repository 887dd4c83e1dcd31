/* owners: which processes of a state have the memory of another one; for watch.c only. */
#ifndef WATCH_OWNERS_H
#define WATCH_OWNERS_H

#include "base/error.h"
#include "watch/state.h"

/* Fills now->owners, which are all 0. What is known since `before`, where all is as it was, is not
 * asked again; `refresh` is the number of what was read just now. 0, or -1 with *e when there is no
 * memory. */
int owners_find(const struct source *source, const struct state *before, struct state *now,
		uint64_t refresh, struct error *e);

#endif
