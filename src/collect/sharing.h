/*
 * sharing: which processes share one memory.
 *
 * Those that do have the same signs (source.h); so have the children of one fork, and the source is
 * asked about pairs of those alone. Sorting by its order takes n log n questions.
 *
 * What two processes of a list share, they have shared since both were there: memory is shared at a
 * process's birth or never. So once it is known, the signs that a reading finds tell whether it is
 * still that memory which was read.
 */
#ifndef COLLECT_SHARING_H
#define COLLECT_SHARING_H

#include "source/source.h"

struct memory_user {
	pid_t pid;
	struct memory_signs signs;
	unsigned set;  /* out: from 1, those that share one memory; 0 for a memory of its own */
	unsigned like; /* out: from 1, those that look alike and could not be compared; 0 else */
};

struct sharing {
	unsigned sets, likes; /* how many of each there are */
};

/* By signs, and then by pid: for qsort(). */
int memory_user_compare(const void *a, const void *b);

/* Sorts the users by their signs, and then by pid. 0, or -1 with *e if out of memory. */
int sharing_find(const struct source *s, struct memory_user *users, size_t count,
		 struct sharing *sharing, struct error *e);

static inline bool signs_equal(struct memory_signs a, struct memory_signs b)
{
	return a.code == b.code && a.stack == b.stack;
}

#endif
