/*
 * system: files outside of /proc, by their absolute paths: of the running system, or of a capture,
 * which has them in its folder "system".
 *
 * Another system's /proc that is mounted here has none: what stands under such a path is not its
 * own. Errors are errno.
 */
#ifndef SOURCE_SYSTEM_H
#define SOURCE_SYSTEM_H

#include "source/procdir.h"
#include "source/source.h"

#define SYSTEM_FOLDER "system"

/* A descriptor, or -1. */
int system_open(const struct source *s, const char *path);

/* As procdir_list(). */
int system_list(const struct source *s, const char *path, procdir_entry_fn *found, void *ctx);

#endif
