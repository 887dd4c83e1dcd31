/* owners: finds processes of a state whose memory another process counts; for watch.c only. */
#ifndef WATCH_OWNERS_H
#define WATCH_OWNERS_H

#include "base/error.h"
#include "watch/state.h"

/* Fills now->owners, which are all 0. Does not compare again what is known from `before` and
 * unchanged; `refresh` is the number of the current refresh. 0, or -1 with *e if out of memory. */
int owners_find(const struct source *source, const struct state *before, struct state *now,
		uint64_t refresh, struct error *e);

#endif
