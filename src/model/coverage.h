/*
 * coverage: what became of the processes that were asked for.
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

/* Each process is in exactly one of `by_outcome`. */
struct coverage {
	uint64_t seen;
	uint64_t by_outcome[OUTCOME_COUNT];
	uint64_t by_how[HOW_COUNT];
	uint64_t unmatched; /* not in `seen`: whether they are asked for is unknown */
	uint64_t
		shared_swappers; /* have swapped shared memory, which SWAP counts in each of them */
	pid_t timed_out;	 /* one of those that timed out */
	uint64_t sharers;	 /* were read, and count as 0: their memory is another's */

	uint64_t denied_resident; /* bytes of those whose memory is known: */
	uint64_t denied_known;
	struct denied denied[DENIED_LISTED]; /* those with the lowest pids, ascending */
	unsigned denied_count;
};

/* Counts a process. */
void coverage_add(struct coverage *c, const struct record *r);

/* Processes that had something to read and were not read. */
uint64_t coverage_missed(const struct coverage *c);

/* Those of them that could have been read, or that could not be told whether they are asked for:
 * not those that ended. */
uint64_t coverage_incomplete(const struct coverage *c);

#endif
