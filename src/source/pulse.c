/*
 * Whether a process did anything since it was last looked at, by its stat and statm.
 */
#include "parse/process.h"
#include "source/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* FNV-1a, of 64 bits. Nobody gains by a collision: it would hide its maker's own memory until the
 * process is read again by its turn. */
static uint64_t fingerprint(uint64_t h, struct slice text)
{
	const uint64_t prime = 0x100000001b3;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * prime;
	return h;
}

/* The text of a small file of a process; empty where it cannot be had. */
static struct slice slurp(const struct source *s, pid_t pid, const char *name, char *buffer,
			  size_t size)
{
	char path[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return SLICE("");
	n = read(fd, buffer, size);
	close(fd);
	return (struct slice){buffer, n > 0 ? (size_t)n : 0};
}

void source_pulse(const struct source *s, pid_t pid, struct pulse *pulse)
{
	char buffer[1024], name_buffer[PROCESS_NAME_MAX];
	struct slice text = slurp(s, pid, "statm", buffer, sizeof(buffer)), name;
	const uint64_t offset = 0xcbf29ce484222325;

	*pulse = (struct pulse){.known = false};
	if (text.len == 0)
		return;
	pulse->fingerprint = fingerprint(offset, text);
	if (slice_begins(text, SLICE("0 "))) {
		pulse->known = true;
		return;
	}
	text = slurp(s, pid, "stat", buffer, sizeof(buffer));
	pulse->has_memory = true;
	pulse->fingerprint = fingerprint(pulse->fingerprint, text);
	pulse->known = parse_stat(text, name_buffer, &name, &pulse->start_time);
}
