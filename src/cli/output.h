/*
 * output: writes a file completely or not at all.
 *
 * The contents are written to a temporary file in the same folder, by a process of its own, which
 * may restrict itself. When all of it is on disk, the file replaces the existing one, with its
 * mode.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Writes to a descriptor, in a process of its own. Returns the exit status, and sets *keep if the
 * file is complete. *e is a failure that it has not reported itself. */
typedef int output_fn(void *ctx, int fd, bool *keep, struct error *e);

/* A new file has this mode, less umask. Returns the status of `write`, 2 with *e if `path` exists
 * and is not a regular file, or 1 with *e. A signal that ends the process does so after the
 * temporary file is removed. */
int output_write(const char *path, mode_t mode, output_fn *write, void *ctx, struct error *e);

#endif
