/*
 * coverage: counts the outcomes of the requested processes.
 */
#ifndef MODEL_COVERAGE_H
#define MODEL_COVERAGE_H

#include "model/record.h"
#include "parse/process.h"

enum { DENIED_LISTED = 100 };

/* A process that may not be read. */
struct denied {
	pid_t pid;
	bool name_known;
	uint8_t length;
	char name[PROCESS_NAME_MAX];
};

/* Each process counts in exactly one of `by_outcome`. */
struct coverage {
	uint64_t seen;
	uint64_t by_outcome[OUTCOME_COUNT];
	uint64_t by_how[HOW_COUNT];
	uint64_t unmatched;	  /* not in `seen`: could not tell whether they were requested */
	uint64_t shared_swappers; /* with swapped shared memory, which SWAP counts once per process
				   */
	pid_t timed_out;	  /* the pid of one that timed out */
	uint64_t sharers;	  /* read, but count as 0: another process counts their memory */

	uint64_t denied_resident; /* bytes, of the denied processes whose memory is known; */
	uint64_t denied_known;
	struct denied denied[DENIED_LISTED]; /* those with the lowest pids, in ascending order */
	unsigned denied_count;
};

/* Counts a process. */
void coverage_add(struct coverage *c, const struct record *r);

/* The number of processes that had memory but could not be read. */
uint64_t coverage_missed(const struct coverage *c);

/* Of these, the number that might have been read or requested: without those that exited. */
uint64_t coverage_incomplete(const struct coverage *c);

#endif
