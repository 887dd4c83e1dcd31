/*
 * machine: what a report says of the system that its processes ran on.
 *
 * Of the running system everything is known. Of a captured tree what its files say:
 * sys/kernel/{hostname,osrelease}, stat and uptime (the time of the capture), meminfo. Of smaps
 * files nothing.
 */
#ifndef SOURCE_MACHINE_H
#define SOURCE_MACHINE_H

#include "source/meminfo.h"
#include "source/source.h"
#include "source/unseen.h"

#include <time.h>

enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

struct machine {
	bool time_known;
	struct timespec time;	  /* when the reading began; of a tree, when it was captured */
	char host[65];		  /* "" where unknown, as are these: */
	char kernel[65];	  /* release, as uname -r */
	long page_size;		  /* bytes, 0 where unknown */
	bool may_trace;		  /* anonmem has CAP_SYS_PTRACE there, */
	bool in_user_namespace;	  /* if only over what belongs to a user namespace */
	unsigned unseen;	  /* UNSEEN_... of unseen.h */
	enum answer keeps_labels; /* whether the kernel can hold [anon:NAME] */
	bool meminfo_known;
	struct meminfo meminfo;
};

/* Whether anonmem has CAP_SYS_PTRACE, with which it may read processes of other users. */
bool may_trace(void);

/* Whether the rights of anonmem end where its user namespace does. */
bool is_in_user_namespace(void);

/* What to do about processes that may not be read. */
const char *advice_on_rights(bool may_trace, bool in_user_namespace);

/* What cannot be read stays unknown. */
void machine_read(const struct source *s, struct machine *m);

#endif
