/*
 * descendants: a process of the running system and its descendants, as they come and go.
 *
 * Who was once seen in it stays, whoever its parent is now: a child whose parent ends becomes
 * another's.
 */
#ifndef SOURCE_DESCENDANTS_H
#define SOURCE_DESCENDANTS_H

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

struct descendant {
	pid_t pid, parent;
	uint64_t start_time; /* clock ticks after boot */
};

struct descendants {
	struct descendant *kin; /* who lives, in no order */
	size_t count;
	pid_t *pids; /* the same; for source_open_proc() */
};

/* Looks again. `first` is the process that began it. 0, or -1 with *e and the family as it was. */
int descendants_update(struct descendants *f, pid_t first, struct error *e);

void descendants_free(struct descendants *f);

#endif
