/*
 * checkup: examines the processes of this system for `anonmem doctor`.
 *
 * As in a report, only processes that were read completely count.
 */
#ifndef CLI_CHECKUP_H
#define CLI_CHECKUP_H

#include "cli/known.h"
#include "cli/trims.h"
#include "model/naming.h"
#include "model/snapshot.h"

/* A set of processes. */
struct program_set {
	uint64_t processes;
	uint64_t bytes; /* PSS that they have named, or bytes held by malloc */
	char **names; /* names of the processes, without duplicates, in order of first appearance */
	size_t name_count;
};

struct checkup {
	struct machine machine;
	struct coverage coverage;
	struct naming memory;		    /* private anonymous memory of all processes */
	struct program_set naming;	    /* processes that have named memory */
	struct program_set sets[KNOWN_MAX]; /* indexed like known[] */
	struct trims trims;		    /* memory that malloc holds unused */
	struct program_set mallocs;	    /* processes whose memory is mostly glibc's malloc */
	struct problems problems;	    /* requested processes that could not be read */
};

/* Examines the running system, or the given processes. 0, or -1 with *e; call checkup_free() in any
 * case. */
int checkup(const pid_t *pids, size_t count, struct checkup *c, struct error *e);
void checkup_free(struct checkup *c);

#endif
