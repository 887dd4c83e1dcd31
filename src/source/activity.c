#include "source/activity.h"

#include "base/clock.h"
#include "parse/number.h"
#include "parse/process.h"
#include "source/handle.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Like FNV-1a, but eight bytes at a time. Collisions need no defence: a process could only hide its
 * own memory until its next regular reading. */
static const uint64_t fingerprint_of_nothing = 0xcbf29ce484222325;

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

void stat_handle_close(struct stat_handle *handle)
{
	if (handle->stat >= 0)
		close(handle->stat);
	handle->stat = -1;
}

/* Reads until the newline at the end of the file, as a rule with a single call. */
static size_t read_text(int fd, char *buffer, size_t size)
{
	size_t used = 0;
	ssize_t n = fd < 0 ? 0 : 1;

	while (n > 0 && used < size && (used == 0 || buffer[used - 1] != '\n')) {
		n = TEMP_FAILURE_RETRY(pread(fd, buffer + used, size - used, (off_t)used));
		used += n > 0 ? (size_t)n : 0;
	}
	return used;
}

/* The text of stat; empty if it cannot be read. */
static struct slice read_stat(const struct source *s, struct stat_handle *handle, char *buffer,
			      size_t size)
{
	size_t n = read_text(handle->stat, buffer, size);
	char path[32] = "";
	const struct procdir dir = source_dir(s, path);

	if (n > 0)
		return (struct slice){buffer, n};
	/* It was not open, or the process has ended and its pid may have been reused. */
	stat_handle_close(handle);
	snprintf(path, sizeof(path), "%d/", handle->pid);
	handle->stat = procdir_open(&dir, "stat");
	return (struct slice){buffer, read_text(handle->stat, buffer, size)};
}

/* In nanoseconds; 0 if unknown. CPU-time clocks take pids of anonmem's own PID namespace. */
static uint64_t cpu_time(const struct source *s, pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (s->self != getpid() || clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &t) < 0)
		return 0;
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void look_for_activity(const struct source *s, struct stat_handle *handle,
			      struct activity *activity)
{
	char buffer[1024], name[PROCESS_NAME_MAX];
	struct slice text = read_stat(s, handle, buffer, sizeof(buffer));
	struct process_stat stat;
	uint64_t sizes[2];

	*activity = (struct activity){.known = false};
	/* Without its main thread, a process does not show its memory there. */
	if (!parse_stat(text, name, &stat) || stat_has_ended(&stat))
		return;
	activity->known = true;
	activity->start_time = stat.start_time;
	activity->signs = signs_of(&stat);
	activity->has_memory = stat.size > 0;
	sizes[0] = stat.size;
	sizes[1] = stat.resident;
	/* CPU time means nothing for a kernel thread, nor for anonmem itself, which runs at every
	 * look; only its sizes count. */
	if (!activity->has_memory || handle->pid == s->self)
		text = (struct slice){(const char *)sizes, sizeof(sizes)};
	activity->fingerprint = fingerprint(fingerprint_of_nothing, text);
	if (!activity->has_memory || handle->pid == s->self)
		return;
	activity->ran_ns = cpu_time(s, handle->pid);
	activity->may_have_run = s->is_live && activity->ran_ns == 0;
}

void source_activity(const struct source *s, struct stat_handle *handle, bool keep,
		     struct activity *activity)
{
	look_for_activity(s, handle, activity);
	if (!keep || s->kind != SOURCE_PROC)
		stat_handle_close(handle);
}

enum { BLOCK = 32768 };

/* Adds a file to a fingerprint, in blocks of a fixed size, however much the kernel returns per
 * read. False if it is empty or cannot be read. */
static bool add_file(const struct source *s, pid_t pid, const char *name, uint64_t *h)
{
	char path[32] = "", buffer[BLOCK];
	const struct procdir dir = source_dir(s, path);
	size_t used = 0, all = 0;
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof(path), "%d/", pid);
	fd = procdir_open(&dir, name);
	if (fd < 0)
		return false;
	while (n > 0) {
		n = TEMP_FAILURE_RETRY(read(fd, buffer + used, sizeof(buffer) - used));
		used += n > 0 ? (size_t)n : 0;
		if (n <= 0 || used == sizeof(buffer)) {
			*h = fingerprint(*h, (struct slice){buffer, used});
			all += used;
			used = 0;
		}
	}
	close(fd);
	return n == 0 && all > 0;
}

uint64_t source_maps_fingerprint(const struct source *s, pid_t pid, bool command)
{
	uint64_t h = fingerprint_of_nothing;

	if (!add_file(s, pid, "maps", &h))
		return 0;
	/* A process may have none. */
	if (command)
		add_file(s, pid, "cmdline", &h);
	return h;
}

uint64_t source_cgroup_fingerprint(const struct source *s, pid_t pid)
{
	uint64_t h = fingerprint_of_nothing;

	return add_file(s, pid, "cgroup", &h) ? h : 0;
}

/* Lines of status that say whose memory it is, or how much. Others count how often it ran. */
static bool is_of_memory(struct slice line)
{
	return slice_begins(line, SLICE("Uid:")) || slice_begins(line, SLICE("Vm")) ||
	       slice_begins(line, SLICE("Rss")) || slice_begins(line, SLICE("Hugetlb"));
}

uint64_t source_status_fingerprint(const struct source *s, pid_t pid)
{
	uint64_t h = fingerprint_of_nothing;
	char path[32] = "", buffer[4096];
	const struct procdir dir = source_dir(s, path);
	struct slice text, line;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/", pid);
	n = procdir_read(&dir, "status", buffer, sizeof(buffer));
	text = (struct slice){buffer, n > 0 ? (size_t)n : 0};
	while (take_line(&text, &line)) {
		if (is_of_memory(line))
			h = fingerprint(h, line);
	}
	return n > 0 ? h : 0;
}
