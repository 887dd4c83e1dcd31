/*
 * The files of one process, or of a whole system, wherever their folder is.
 */
#include "source/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int procdir_open(const struct procdir *dir, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", dir->prefix, name);
	/* In a captured tree it may be anything: who opens a pipe would wait for its other end. */
	return (int)TEMP_FAILURE_RETRY(
		openat(dir->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

ssize_t procdir_read(const struct procdir *dir, const char *name, char *buffer, size_t size)
{
	int fd = procdir_open(dir, name), error;
	size_t used = 0;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	while (used < size && (n = TEMP_FAILURE_RETRY(read(fd, buffer + used, size - used))) > 0)
		used += (size_t)n;
	error = errno;
	close(fd);
	errno = error;
	return n < 0 ? -1 : (ssize_t)used;
}

int reader_open(struct reader *r, const struct procdir *dir, const char *name)
{
	int fd = procdir_open(dir, name);

	if (fd < 0)
		reader_note(r, errno);
	return fd;
}

bool procdir_has(const struct procdir *dir, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", dir->prefix, name);
	return faccessat(dir->fd, path, F_OK, 0) == 0;
}

struct slice reader_slurp_file(struct reader *r, const struct procdir *dir, const char *name)
{
	struct slice text;
	int fd = reader_open(r, dir, name);
	int status;

	if (fd < 0)
		return SLICE("");
	status = reader_slurp(r, fd, &text);
	if (status < 0)
		reader_note(r, errno);
	close(fd);
	return status == 0 ? text : SLICE("");
}

static int keep_counters(void *ctx, const struct mapping *m, struct error *e)
{
	(void)e;
	*(struct counters *)ctx = m->counters;
	return 0;
}

bool reader_rollup(struct reader *r, const struct procdir *dir, struct counters *sums)
{
	struct error ignored;
	int fd = reader_open(r, dir, "smaps_rollup");
	int status;

	if (fd < 0)
		return false;
	r->on_mapping = keep_counters;
	r->on_mapping_ctx = sums;
	status = reader_drain(r, fd, SMAPS_ROLLUP, &ignored);
	close(fd);
	return status == 0 && smaps_mappings(r->parser) == 1;
}
