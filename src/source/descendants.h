/*
 * descendants: some processes and those that descend from them, as they come and go.
 *
 * Live and in a captured tree: who is whose parent stands in stat, or in status where a tree has no
 * stat. Where that cannot be read, nobody knows whether the process is a descendant. Who was once
 * seen among them stays, whoever its parent is now: a child whose parent ends becomes another's.
 */
#ifndef SOURCE_DESCENDANTS_H
#define SOURCE_DESCENDANTS_H

#include "source/source.h"

enum { PARENT_UNKNOWN = -1 };

struct descendant {
	pid_t pid, parent;   /* PARENT_UNKNOWN */
	uint64_t start_time; /* clock ticks after boot; 0 where that is unknown */
};

struct descendants {
	struct descendant *kin; /* who is there, in ascending order of pids */
	size_t count;
	pid_t *unknown; /* of whom nobody knows, in the same order */
	size_t unknown_count;
};

/* Looks again, at all processes of the system that `s` reads. They begin with `roots`, of which
 * some may be gone. 0, or -1 with *e and all as it was. */
int descendants_update(struct descendants *d, const struct source *s, const pid_t *roots,
		       size_t count, struct error *e);

void descendants_free(struct descendants *d);

#endif
