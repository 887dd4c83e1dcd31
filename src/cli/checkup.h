/*
 * checkup: what `anonmem doctor` finds out about the processes of this system.
 *
 * Only processes that were read whole count, as in a report.
 */
#ifndef CLI_CHECKUP_H
#define CLI_CHECKUP_H

#include "cli/known.h"
#include "cli/trims.h"
#include "model/naming.h"
#include "model/snapshot.h"

/* Processes that have something in common. */
struct program_set {
	uint64_t processes;
	uint64_t bytes; /* PSS that they named, or what malloc has */
	char **names;	/* of the processes, each once, in the order of first sight */
	size_t name_count;
};

struct checkup {
	struct machine machine;
	struct coverage coverage;
	struct naming memory;		    /* private and anonymous, of all processes */
	struct program_set naming;	    /* those that have named memory */
	struct program_set sets[KNOWN_MAX]; /* by known[] */
	struct trims trims;		    /* what malloc holds */
	struct program_set mallocs;	    /* glibc's malloc has most of their memory */
	struct problems problems; /* processes that were asked for and could not be read */
};

/* Checks the running system, or the given processes of it. 0, or -1 with *e. checkup_free() in any
 * case. */
int checkup(const pid_t *pids, size_t count, struct checkup *c, struct error *e);
void checkup_free(struct checkup *c);

#endif
