#include "source/captured_segments.h"
#include "source/shared_memory.h"
#include "source/system.h"

#include "parse/number.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The pid as /proc shows it, which may be mounted for another PID namespace. */
static pid_t find_self(int root_fd)
{
	char text[16] = "";
	ssize_t n = readlinkat(root_fd, "self", text, sizeof(text) - 1);
	struct slice digits = {text, n > 0 ? (size_t)n : 0};
	uint64_t pid;

	return take_decimal(&digits, &pid) > 0 ? (pid_t)pid : 0;
}

static bool is_proc(int root_fd)
{
	struct statfs fs;

	return fstatfs(root_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Files that describe the whole system must be regular files, too. */
static int check_files(const struct source *s, struct error *e)
{
	static const char *const names[] = {"meminfo", "stat", "uptime", "sys/kernel/hostname",
					    "sys/kernel/osrelease"};
	const struct procdir root = source_root(s);

	for (size_t i = 0; source_is_captured(s) && i < sizeof(names) / sizeof(*names); i++) {
		int fd = procdir_open(&root, names[i]);

		if (fd >= 0)
			close(fd);
		else if (procdir_refusal(errno))
			return error_set(e, ERROR_MALFORMED, "%s/%s: %s", s->root, names[i],
					 procdir_refusal(errno));
	}
	return 0;
}

/* If something else is mounted there, or nothing, no processes would be found. */
static int check_proc(const struct source *s, struct error *e)
{
	if (s->kind != SOURCE_PROC || s->is_live)
		return 0;
	return error_set(
		e, ERROR_SYSTEM,
		"/proc is not a proc file system; mount one with: mount -t proc proc /proc");
}

/* It may have none. */
static int read_segments(struct source *s, struct error *e)
{
	const struct procdir root = source_root(s);
	struct error why = {.code = ERROR_NONE};

	s->segments = captured_segments_read(&root, &why);
	if (s->segments || why.code == ERROR_NONE)
		return 0;
	*e = why;
	return error_prefix(e, "%s", s->root);
}

int source_check_tree(struct source *s, struct error *e)
{
	s->is_live = s->root_fd >= 0 && is_proc(s->root_fd);
	s->system_fd = s->is_live && s->kind == SOURCE_TREE ? system_open_root(s) : -1;
	if (check_proc(s, e) < 0 || check_files(s, e) < 0 || shared_memory_read(s, e) < 0)
		return -1;
	return source_is_captured(s) ? read_segments(s, e) : 0;
}

struct source *source_open_proc(const char *root, const pid_t *pids, size_t count, struct error *e)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s) {
		error_memory(e);
		return NULL;
	}
	s->kind = root ? SOURCE_TREE : SOURCE_PROC;
	s->system_fd = -1;
	s->root = root ? root : "/proc";
	s->pids = pids;
	s->pid_count = count;
	s->root_fd = (int)TEMP_FAILURE_RETRY(open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (s->root_fd < 0) {
		error_errno(e, "cannot open %s as a directory of processes", s->root);
		free(s);
		return NULL;
	}
	s->self = root ? 0 : find_self(s->root_fd);
	if (source_check_tree(s, e) == 0)
		return s;
	source_close(s);
	return NULL;
}

struct source *source_open_files(char *const *paths, size_t count, struct error *e)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s) {
		error_memory(e);
		return NULL;
	}
	s->kind = SOURCE_SMAPS;
	s->root_fd = s->system_fd = -1;
	s->paths = paths;
	s->path_count = count;
	return s;
}

struct source *source_without_limit(const struct source *s)
{
	struct source *all = malloc(sizeof(*all));

	if (!all)
		return NULL;
	*all = *s;
	all->pid_count = 0;
	all->is_view = true;
	return all;
}

struct procdir source_files(const struct source *s)
{
	return source_root(s);
}

void source_limit(struct source *s, const pid_t *pids, size_t count)
{
	s->pids = pids;
	s->pid_count = count;
}

void source_close(struct source *s)
{
	if (!s || s->is_view) {
		free(s);
		return;
	}
	if (s->root_fd >= 0)
		close(s->root_fd);
	if (s->system_fd >= 0)
		close(s->system_fd);
	for (size_t i = 0; s->fds && i < s->path_count; i++) {
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	}
	free(s->fds);
	members_free(s->members);
	captured_segments_free(s->segments);
	shared_memory_free(s->shared);
	free(s);
}

enum source_kind source_kind(const struct source *s)
{
	return s->kind;
}

bool source_is_live(const struct source *s)
{
	return s->is_live;
}

bool source_names(const struct source *s, pid_t pid)
{
	for (size_t i = 0; i < s->pid_count; i++) {
		if (s->pids[i] == pid)
			return true;
	}
	return false;
}

bool source_is_limited(const struct source *s)
{
	return s->kind == SOURCE_SMAPS || s->pid_count > 0;
}
