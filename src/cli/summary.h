/* summary: runs a program, and reports the peak memory of it and its children. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "base/error.h"
#include "collect/options.h"
#include "model/peaks.h"

#include <stdbool.h>

/*
 * Runs a command as a child, passes signals on to it, reads its and its descendants' memory until
 * it ends, and writes the peak of each label to standard error; with `heaps` also what malloc had
 * handed out. Returns the command's exit status, or dies by the same signal. If the command could
 * not be run, *e says why; if it cannot be watched, a message says so and it keeps running.
 */
int summary_run(char **command, bool heaps, struct error *e);

struct summary_result {
	struct peaks peaks; /* by the keys of the options; the caller frees them in any case */
	uint64_t missed;    /* processes that could not be read, at most */
	int status;	    /* of the command: 128 and the number of a signal that killed it */
};

/* The same, silently: calls `take` with each reading, made with these options. From then on, this
 * process is in the sandbox. 0, or -1 with *e if the command could not be run or watched. */
int summary_measure(char **command, const struct collect_options *how,
		    bool (*take)(void *ctx, const struct snapshot *s), void *ctx,
		    struct summary_result *result, struct error *e);

#endif
