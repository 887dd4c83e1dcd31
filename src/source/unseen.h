/*
 * unseen: what /proc does not show of the running system.
 */
#ifndef SOURCE_UNSEEN_H
#define SOURCE_UNSEEN_H

#include "source/source.h"

enum {
	UNSEEN_OUTSIDE = 1 << 0, /* processes outside this PID namespace */
	UNSEEN_HIDDEN = 1 << 1,	 /* processes of other users (hidepid) */
	UNSEEN_SYSTEM = 1 << 2,	 /* everything but processes (subset=pid) */
};

/* `sees_all`: anonmem has rights over the processes of all users. */
unsigned find_unseen(const struct source *s, bool sees_all);

#endif
