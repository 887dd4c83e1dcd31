/*
 * output: writes a file wholly or not at all.
 *
 * What it gets is written to a temporary file in the same folder, by a process of its own, which
 * may restrict itself as it likes. When all of it is on disk, the file takes the place of the one
 * that was there, with its mode.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Writes to a descriptor, in a process of its own. Returns the exit status, and sets *keep if the
 * file is whole. A failure that it did not say itself is in *e. */
typedef int output_fn(void *ctx, int fd, bool *keep, struct error *e);

/* A new file has this mode, less umask. Returns the status of what wrote, 2 with *e if `path` is
 * anything but a regular file or new, or 1 with *e. A signal that ends it does so when the
 * temporary file is gone. */
int output_write(const char *path, mode_t mode, output_fn *write, void *ctx, struct error *e);

#endif
