/*
 * machine: what a report says about the system that the processes ran on.
 *
 * For the running system everything is known; for a captured tree, what its files say:
 * sys/kernel/{hostname,osrelease}, stat and uptime (the time of the capture), meminfo; for smaps
 * files, nothing.
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
	struct timespec time;	  /* start of the reading, or time of the capture */
	char host[65];		  /* "" if unknown, like the next one */
	char kernel[65];	  /* release, as printed by uname -r */
	long page_size;		  /* bytes, 0 if unknown */
	bool is_live;		  /* a running system, wherever its /proc is mounted */
	bool may_trace;		  /* anonmem has CAP_SYS_PTRACE there, */
	bool in_user_namespace;	  /* though perhaps only within a user namespace */
	unsigned unseen;	  /* UNSEEN_... bits of unseen.h */
	enum answer keeps_labels; /* whether the kernel supports [anon:NAME] */
	bool meminfo_known;
	struct meminfo meminfo;
};

/* Whether anonmem has CAP_SYS_PTRACE, and thus may read processes of other users. */
bool may_trace(void);

/* Whether anonmem runs in a user namespace other than the initial one. */
bool is_in_user_namespace(void);

/* What to do about processes that may not be read. */
const char *advice_on_rights(bool may_trace, bool in_user_namespace);

/* Whatever cannot be read stays unknown. */
void machine_read(const struct source *s, struct machine *m);

#endif
