/*
 * system: files outside of /proc, by their absolute paths: of the running system, of another one
 * whose /proc is mounted here, or of a capture, which has them in its folder "system".
 *
 * Another system's files lie below the root of its process 1, or if that may not be looked at, in
 * the folder where its /proc is mounted: those of /host/proc in /host. Errors are errno.
 */
#ifndef SOURCE_SYSTEM_H
#define SOURCE_SYSTEM_H

#include "source/procdir.h"
#include "source/source.h"

#define SYSTEM_FOLDER "system"

/* The root folder of the system that a source is of, for openat(2); the caller closes it. -1 on
 * failure. Not for captures. */
int system_open_root(const struct source *s);

/* A descriptor, or -1. */
int system_open(const struct source *s, const char *path);

/* As procdir_list(). */
int system_list(const struct source *s, const char *path, procdir_entry_fn *found, void *ctx);

#endif
