/* summary: a program run to its end, and what the memory of it and its children was at most. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "base/error.h"
#include "collect/options.h"
#include "model/peaks.h"

/*
 * Runs a command as a child that gets the signals which this process gets, reads the memory of it
 * and of its descendants until they end, and writes the peak of each label to standard
 * error. Returns the exit status of the command, or dies of the signal of which it died. If it
 * could not be run, *e says why; if it could not be watched, that is said, and it runs on.
 */
int summary_run(char **command, struct error *e);

struct summary_result {
	struct peaks peaks; /* by the keys of the options; the caller frees them in any case */
	uint64_t missed;    /* processes that could not be read, at most */
	int status;	    /* of the command: 128 and the number of a signal that killed it */
};

/* The same without a word: calls `take` with each reading, made with these options. From then on,
 * this process is in the sandbox. 0, or -1 with *e if the command could not be run or watched. */
int summary_measure(char **command, const struct collect_options *how,
		    bool (*take)(void *ctx, const struct snapshot *s), void *ctx,
		    struct summary_result *result, struct error *e);

#endif
