#include "source/procdir.h"

#include "parse/number.h"

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

bool procdir_has(const struct procdir *dir, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", dir->prefix, name);
	return faccessat(dir->fd, path, F_OK, 0) == 0;
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

bool procdir_statm(const struct procdir *dir, uint64_t *size, uint64_t *resident)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), all, present;
	char buffer[128];
	ssize_t n = procdir_read(dir, "statm", buffer, sizeof(buffer));
	struct slice text = {buffer, n > 0 ? (size_t)n : 0};

	return take_decimal(&text, &all) && take_byte(&text, ' ') &&
	       take_decimal(&text, &present) && !__builtin_mul_overflow(all, page, size) &&
	       !__builtin_mul_overflow(present, page, resident);
}
