/*
 * descendants: tracks the descendants of some processes as they come and go.
 *
 * Works live and in captured trees. The parent is in stat, or in status if a tree has no stat. If
 * neither can be read, it is unknown whether the process is a descendant. A process once seen as a
 * descendant stays one, since it gets another parent when its own ends.
 */
#ifndef SOURCE_DESCENDANTS_H
#define SOURCE_DESCENDANTS_H

#include "source/source.h"

enum { PARENT_UNKNOWN = -1 };

struct descendant {
	pid_t pid, parent;   /* or PARENT_UNKNOWN */
	uint64_t start_time; /* clock ticks since boot; 0 if unknown */
};

struct descendants {
	struct descendant *kin; /* the descendants, in ascending order of pids */
	size_t count;
	pid_t *unknown; /* processes that may be descendants, in the same order */
	size_t unknown_count;
};

/* Updates *d from all processes of the system that `s` reads. `roots` are the processes to start
 * from; some may be gone. 0, or -1 with *e and *d unchanged. */
int descendants_update(struct descendants *d, const struct source *s, const pid_t *roots,
		       size_t count, struct error *e);

void descendants_free(struct descendants *d);

#endif
