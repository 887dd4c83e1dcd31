/* summary: a program run to its end, and what the memory of it and its children was at most. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "base/error.h"

#include <stdbool.h>

/*
 * Runs a command as a child that gets the signals which this process gets, reads the memory of it
 * and of its descendants until they end, and writes the peak of each label to standard error; with
 * `heaps` also what malloc had handed out of it. Returns the exit status of the command, or dies of
 * the signal of which it died. If it could not be run, *e says why; if it could not be watched,
 * that is said, and it runs on.
 */
int summary_run(char **command, bool heaps, struct error *e);

#endif
