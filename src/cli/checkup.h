/*
 * checkup: what `anonmem doctor` finds out about the processes of this system.
 *
 * Only processes that were read whole count, as in a report.
 */
#ifndef CLI_CHECKUP_H
#define CLI_CHECKUP_H

#include "cli/known.h"
#include "model/snapshot.h"

/* Processes that have something in common. */
struct party {
	uint64_t processes;
	uint64_t bytes; /* PSS that they named */
	char **names;	/* of the processes, each once, in the order of first sight */
	size_t name_count;
};

/* Whose word the private anonymous memory of all processes goes by. */
enum word { WORD_PROCESS, WORD_KERNEL, WORD_GUESS, WORD_NONE, WORD_COUNT };

struct checkup {
	struct machine machine;
	struct coverage coverage;
	uint64_t pss[WORD_COUNT];
	struct party naming;		 /* those that have named memory */
	struct party parties[KNOWN_MAX]; /* by known[] */
	bool other_glibc; /* some process has another GNU C library than this program */
	char **problems;  /* sentences about processes that were asked for and could not be read */
	size_t problem_count;
};

/* Checks the running system, or the given processes of it. 0, or -1 with *e. checkup_free() in any
 * case. */
int checkup(const pid_t *pids, size_t count, struct checkup *c, struct error *e);
void checkup_free(struct checkup *c);

#endif
