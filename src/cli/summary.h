/* summary: runs a program, and reports the peak memory of it and its children. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "base/error.h"

#include <stdbool.h>

/*
 * Runs a command as a child, passes signals on to it, reads its and its descendants' memory until
 * it ends, and writes the peak of each label to standard error; with `heaps` also what malloc had
 * handed out. Returns the command's exit status, or dies by the same signal. If the command could
 * not be run, *e says why; if it cannot be watched, a message says so and it keeps running.
 */
int summary_run(char **command, bool heaps, struct error *e);

#endif
