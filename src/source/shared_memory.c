#include "source/shared_memory.h"

#include "parse/number.h"

#include <errno.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_NAME "shared-memory"

enum { FILE_MAX = 1 << 20 };

/* A process, and the first process of the line that it is in. In ascending order of pids. */
struct shared_memory {
	struct member {
		pid_t pid, first;
	} * list;
	size_t count;
};

void shared_memory_free(struct shared_memory *m)
{
	if (m)
		free(m->list);
	free(m);
}

static int by_pid(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Adds a line; everything after a byte that is neither digit nor blank is ignored. */
static bool add_line(struct shared_memory *m, struct slice line)
{
	pid_t first = 0;
	uint64_t pid;

	skip_blanks(&line);
	while (take_decimal(&line, &pid) && pid > 0 && pid <= INT_MAX) {
		first = first ? first : (pid_t)pid;
		m->list[m->count++] = (struct member){(pid_t)pid, first};
		skip_blanks(&line);
	}
	return line.len == 0;
}

static int parse(const struct source *s, struct slice text, struct error *e)
{
	struct shared_memory *m = s->shared;
	struct slice line;

	m->list = calloc(text.len / 2 + 1,
			 sizeof(*m->list)); /* each takes at least a digit and a blank */
	if (!m->list)
		return error_memory(e);
	while (take_line(&text, &line)) {
		if (!add_line(m, line))
			return error_set(
				e, ERROR_MALFORMED,
				"%s/" FILE_NAME
				": invalid line: expected process ids with blanks between them",
				s->root);
	}
	qsort(m->list, m->count, sizeof(*m->list), by_pid);
	return 0;
}

int shared_memory_read(struct source *s, struct error *e)
{
	const struct procdir root = source_root(s);
	char *text;
	ssize_t n;
	int status = 0;

	if (s->kind != SOURCE_TREE || s->is_live || !procdir_has(&root, FILE_NAME))
		return 0;
	text = malloc(FILE_MAX);
	s->shared = calloc(1, sizeof(*s->shared));
	if (!text || !s->shared) {
		free(text);
		return error_memory(e);
	}
	n = procdir_read(&root, FILE_NAME, text, FILE_MAX);
	if (n < 0)
		status = error_errno(e, "cannot read %s/" FILE_NAME, s->root);
	else
		status = parse(s, (struct slice){text, (size_t)n}, e);
	free(text);
	return status;
}

/* The first process of a pid's line; the pid itself if no line has it. */
static pid_t first_of(const struct shared_memory *m, pid_t pid)
{
	const struct member wanted = {.pid = pid};
	const struct member *found =
		m->count ? bsearch(&wanted, m->list, m->count, sizeof(wanted), by_pid) : NULL;

	return found ? found->first : pid;
}

static enum memory_comparison compare_captured(const struct shared_memory *m, pid_t a, pid_t b)
{
	pid_t x = first_of(m, a), y = first_of(m, b);

	if (x == y)
		return MEMORY_SAME;
	return x < y ? MEMORY_BEFORE : MEMORY_AFTER;
}

/* Whether a process still has memory; two processes that are exiting both have none, and compare
 * equal. */
static bool has_memory(const struct source *s, pid_t pid)
{
	char path[32] = "";
	const struct procdir dir = source_dir(s, path);
	uint64_t size, resident;

	snprintf(path, sizeof(path), "%d/", pid);
	return procdir_statm(&dir, &size, &resident) && size > 0;
}

static enum memory_comparison compare_running(const struct source *s, pid_t a, pid_t b)
{
	switch (syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0)) {
	case 0:
		return has_memory(s, a) ? MEMORY_SAME : MEMORY_GONE;
	case 1:
		return MEMORY_BEFORE;
	case 2:
		return MEMORY_AFTER;
	default:
		return errno == ESRCH ? MEMORY_GONE : MEMORY_UNKNOWN;
	}
}

enum memory_comparison source_compare(const struct source *s, pid_t a, pid_t b)
{
	if (s->shared)
		return compare_captured(s->shared, a, b);
	/* In a /proc of another PID namespace, pids mean other processes. */
	if (s->kind == SOURCE_PROC && s->self == getpid())
		return compare_running(s, a, b);
	return MEMORY_UNKNOWN;
}
