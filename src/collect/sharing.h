/*
 * sharing: finds processes that share an address space.
 *
 * Such processes have the same signs (source.h), but so do forked children; the source compares
 * pairs of those. Sorting by its order takes n log n comparisons.
 *
 * A process shares memory from its creation or never. So once sharing is known, the signs found
 * during a reading tell whether it still had that memory.
 */
#ifndef COLLECT_SHARING_H
#define COLLECT_SHARING_H

#include "source/source.h"

struct memory_user {
	pid_t pid;
	struct memory_signs signs;
	unsigned set;  /* out: from 1, the set that shares memory; 0 if it has its own */
	unsigned like; /* out: from 1, the set that looks alike and could not be compared; otherwise
			  0 */
};

struct sharing {
	unsigned sets, likes; /* the number of each */
};

/* Orders by signs, then by pid; for qsort(). */
int memory_user_compare(const void *a, const void *b);

/* Sorts the users by signs and then by pid, and sets `set` and `like`. 0, or -1 with *e if out of
 * memory. */
int sharing_find(const struct source *s, struct memory_user *users, size_t count,
		 struct sharing *sharing, struct error *e);

static inline bool signs_equal(struct memory_signs a, struct memory_signs b)
{
	return a.code == b.code && a.stack == b.stack;
}

#endif
