/*
 * relatives: processes whose figures change although they do nothing, since others that share their
 * pages begin or end; for src/watch/ only.
 *
 * A forked process shares pages with its relatives until it writes to them or executes another
 * program, and has the same signs (source.h) as long. When one of them begins or ends, the share
 * of each of the others in these pages changes, which shows nowhere but in smaps.
 */
#ifndef WATCH_RELATIVES_H
#define WATCH_RELATIVES_H

#include "watch/state.h"

/* Doubts the records in `kept` of which relatives have begun or ended since `before`; `kept` has an
 * entry for each of the processes that `looks` is about, or NULL. False if out of memory. */
struct looks {
	const struct stat_handle *handles; /* in ascending order of pids */
	const struct activity *activities;
};
bool relatives_doubt(const struct state *before, const struct looks *looks,
		     const struct state *kept);

#endif
