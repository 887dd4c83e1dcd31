/*
 * Whether a process did anything since it was last looked at, by its stat and statm.
 */
#include "parse/process.h"
#include "source/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* As FNV-1a, eight bytes at a time. Nobody gains by a collision: it would hide its maker's own
 * memory until the process is read again by its turn. */
static uint64_t fingerprint(uint64_t h, struct slice text)
{
	const uint64_t prime = 0x100000001b3;

	while (text.len) {
		size_t n = text.len < sizeof(uint64_t) ? text.len : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, text.ptr, n);
		h = (h ^ word) * prime;
		h ^= h >> 32;
		text = slice_inner(text, n, 0);
	}
	return h;
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void probe_close(struct probe *probe)
{
	close_file(&probe->stat);
	close_file(&probe->statm);
}

/* The text of a small file of a process, which stays open in *fd; empty where it cannot be had. */
static struct slice slurp(const struct source *s, pid_t pid, const char *name, int *fd,
			  char *buffer, size_t size)
{
	ssize_t n = *fd >= 0 ? TEMP_FAILURE_RETRY(pread(*fd, buffer, size, 0)) : -1;
	char path[32];

	if (n > 0)
		return (struct slice){buffer, (size_t)n};
	/* It was not open, or the process has ended and the pid may be another one's. */
	close_file(fd);
	snprintf(path, sizeof(path), "%d/%s", pid, name);
	*fd = (int)TEMP_FAILURE_RETRY(openat(s->root_fd, path, O_RDONLY | O_CLOEXEC));
	n = *fd >= 0 ? TEMP_FAILURE_RETRY(pread(*fd, buffer, size, 0)) : -1;
	return (struct slice){buffer, n > 0 ? (size_t)n : 0};
}

static void take_pulse(const struct source *s, struct probe *probe, struct pulse *pulse)
{
	char buffer[1024], name_buffer[PROCESS_NAME_MAX];
	struct slice text = slurp(s, probe->pid, "statm", &probe->statm, buffer, sizeof(buffer)),
		     name;
	const uint64_t offset = 0xcbf29ce484222325;

	*pulse = (struct pulse){.known = false};
	if (text.len == 0)
		return;
	pulse->fingerprint = fingerprint(offset, text);
	if (slice_begins(text, SLICE("0 "))) {
		pulse->known = true;
		return;
	}
	text = slurp(s, probe->pid, "stat", &probe->stat, buffer, sizeof(buffer));
	pulse->has_memory = true;
	pulse->fingerprint = fingerprint(pulse->fingerprint, text);
	pulse->known = parse_stat(text, name_buffer, &name, &pulse->start_time);
}

void source_pulse(const struct source *s, struct probe *probe, bool keep, struct pulse *pulse)
{
	take_pulse(s, probe, pulse);
	if (!keep || s->kind != SOURCE_PROC)
		probe_close(probe);
}
