/*
 * unseen: what of the running system does not show in its /proc.
 */
#ifndef SOURCE_UNSEEN_H
#define SOURCE_UNSEEN_H

#include "source/source.h"

enum {
	UNSEEN_OUTSIDE = 1 << 0, /* processes outside of this PID namespace */
	UNSEEN_HIDDEN = 1 << 1,	 /* processes of other users: hidepid */
	UNSEEN_SYSTEM = 1 << 2,	 /* all but processes: subset=pid */
};

/* `sees_all`: anonmem has a right over the processes of all users. */
unsigned find_unseen(const struct source *s, bool sees_all);

#endif
