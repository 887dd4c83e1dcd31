#include "source/lines.h"

#include "source/handle.h"
#include "source/system.h"

#include <errno.h>
#include <unistd.h>

struct buffer {
	char text[4096]; /* read but not yet taken */
	size_t used;
};

/* Takes all complete lines; at the end of the file, or if the buffer is full, also an incomplete
 * one. */
static bool take_lines(struct buffer *b, bool ends, line_fn *take, void *ctx)
{
	size_t from = 0;
	bool wanted = true;

	while (wanted && from < b->used) {
		const char *begin = b->text + from, *end = memchr(begin, '\n', b->used - from);
		bool whole = end || ends || (from == 0 && b->used == sizeof(b->text));
		size_t len = end ? (size_t)(end - begin) : b->used - from;

		if (!whole)
			break;
		wanted = take(ctx, (struct slice){begin, len});
		from += len + (end != NULL);
	}
	memmove(b->text, b->text + from, b->used - from);
	b->used -= from;
	return wanted;
}

static enum lines_outcome read_all(int fd, line_fn *take, void *ctx)
{
	struct buffer b = {.used = 0};

	for (;;) {
		ssize_t n = TEMP_FAILURE_RETRY(read(fd, b.text + b.used, sizeof(b.text) - b.used));

		if (n < 0)
			return LINES_MISSING;
		b.used += (size_t)n;
		if (!take_lines(&b, n == 0, take, ctx))
			return LINES_STOPPED;
		if (n == 0)
			return LINES_READ;
	}
}

enum lines_outcome lines_read(const struct source *s, const char *path, line_fn *take, void *ctx)
{
	const struct procdir root = source_root(s);
	int fd = path[0] == '/' ? system_open(s, path) : procdir_open(&root, path);
	enum lines_outcome outcome;
	int error;

	if (fd < 0)
		return LINES_MISSING;
	outcome = read_all(fd, take, ctx);
	error = errno;
	close(fd);
	errno = error;
	return outcome;
}
