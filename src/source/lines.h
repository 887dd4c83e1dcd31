/* lines: reads a system-wide file line by line; for src/source/ only. */
#ifndef SOURCE_LINES_H
#define SOURCE_LINES_H

#include "base/slice.h"
#include "source/source.h"

#include <stdbool.h>

/* Takes a line without its newline, valid until this returns. False to stop. */
typedef bool line_fn(void *ctx, struct slice line);

enum lines_outcome {
	LINES_READ,    /* to the end */
	LINES_MISSING, /* with errno: it does not exist or may not be read */
	LINES_STOPPED, /* by the function */
};

/* `path` is absolute (system.h), or relative to the source's /proc or tree. A line longer than any
 * that the kernel prints is passed in parts. */
enum lines_outcome lines_read(const struct source *s, const char *path, line_fn *take, void *ctx);

#endif
