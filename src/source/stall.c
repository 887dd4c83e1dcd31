#include "source/stall.h"

#include "parse/number.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char pressure[] = "/proc/pressure/memory";

/* What a small file has; empty where it cannot be read. */
static struct slice read_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, size);

	if (fd >= 0)
		close(fd);
	return (struct slice){buffer, n < 0 ? 0 : (size_t)n};
}

/* The total of a line, such as "some avg10=0.00 avg60=0.00 avg300=0.00 total=25025". */
static bool take_total(struct slice text, const char *begin, uint64_t *total)
{
	const char *line = memmem(text.ptr, text.len, begin, strlen(begin)), *at;
	struct slice rest;

	if (!line)
		return false;
	rest = (struct slice){line, text.len - (size_t)(line - text.ptr)};
	at = memmem(rest.ptr, rest.len, "total=", strlen("total="));
	if (!at)
		return false;
	rest = slice_inner(rest, (size_t)(at - rest.ptr) + strlen("total="), 0);
	return take_decimal(&rest, total) > 0;
}

bool stall_read(struct stall *s)
{
	char buffer[512];
	struct slice text = read_file(pressure, buffer, sizeof(buffer));

	return text.len && take_total(text, "some ", &s->some_us) &&
	       take_total(text, "full ", &s->full_us);
}

bool stall_is_counted(void)
{
	return access(pressure, F_OK) == 0;
}

int stall_watch(struct error *e)
{
	static const char trigger[] = "some 200000 2000000";
	int fd = open(pressure, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && write(fd, trigger, sizeof(trigger)) == sizeof(trigger))
		return fd;
	error_errno(e, "cannot watch %s for --on-pressure", pressure);
	if (fd >= 0)
		close(fd);
	return -1;
}

void boot_id_read(char id[BOOT_ID_MAX])
{
	char buffer[BOOT_ID_MAX];
	struct slice text = read_file("/proc/sys/kernel/random/boot_id", buffer, sizeof(buffer));
	size_t length = 0;

	while (length < text.len && length < BOOT_ID_MAX - 1 && text.ptr[length] != '\n')
		length++;
	snprintf(id, BOOT_ID_MAX, "%.*s", (int)length, text.ptr);
}
