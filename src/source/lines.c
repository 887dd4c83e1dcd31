#include "source/lines.h"

#include "source/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum lines_outcome lines_read(const struct source *s, const char *path, line_fn *take, void *ctx)
{
	const struct procdir root = source_root(s);
	enum lines_outcome outcome = LINES_READ;
	int fd = path[0] == '/' ? (int)TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC))
				: procdir_open(&root, path),
	    error;
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	char line[1024];

	if (!in) {
		error = errno;
		if (fd >= 0)
			close(fd);
		errno = error;
		return LINES_MISSING;
	}
	while (outcome == LINES_READ && fgets(line, sizeof(line), in)) {
		struct slice text = slice_of(line);

		if (slice_ends(text, SLICE("\n")))
			text = slice_inner(text, 0, 1);
		if (!take(ctx, text))
			outcome = LINES_STOPPED;
	}
	error = errno;
	if (outcome == LINES_READ && ferror(in))
		outcome = LINES_MISSING;
	fclose(in);
	errno = error;
	return outcome;
}
