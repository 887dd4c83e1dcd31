/*
 * Lists the targets of each kind of source, in ascending order.
 */
#include "source/handle.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool parse_pid(const char *name, pid_t *pid)
{
	char *end;
	long value;

	if (name[0] < '1' || name[0] > '9')
		return false;
	errno = 0;
	value = strtol(name, &end, 10);
	if (errno || *end != '\0' || value > INT_MAX)
		return false;
	*pid = (pid_t)value;
	return true;
}

/* False if out of memory. */
static bool add_pid(struct target_list *list, pid_t pid)
{
	enum { FIRST = 256 };

	/* The capacity is FIRST, or the power of two at or above the count. */
	if (list->count == 0 || (list->count >= FIRST && (list->count & (list->count - 1)) == 0)) {
		size_t capacity = list->count ? 2 * list->count : FIRST;
		void *larger = reallocarray(list->targets, capacity, sizeof(*list->targets));

		if (!larger)
			return false;
		list->targets = larger;
	}
	list->targets[list->count++] = (struct target){.pid = pid};
	return true;
}

struct listing {
	struct target_list *list;
	bool no_memory;
};

static bool add_entry(void *ctx, const char *name)
{
	struct listing *l = ctx;
	pid_t pid;

	l->no_memory = parse_pid(name, &pid) && !add_pid(l->list, pid);
	return !l->no_memory;
}

/* libproc2 would do for /proc, but it takes a read error for the end of the list. */
static int list_folder(const struct source *s, struct target_list *list, struct error *e)
{
	const struct procdir root = source_root(s);
	struct listing listing = {list, false};

	if (procdir_list(&root, "", add_entry, &listing) < 0)
		return error_errno(e, "cannot list %s", s->root);
	if (listing.no_memory)
		return error_memory(e);
	if (list->count == 0 && s->kind == SOURCE_TREE)
		return error_set(
			e, ERROR_MALFORMED,
			"%s contains no process: expected directories such as %s/1234 with a file "
			"smaps in each",
			s->root, s->root);
	return 0;
}

static int list_named(const struct source *s, struct target_list *list, struct error *e)
{
	for (size_t i = 0; i < s->pid_count; i++) {
		if (!add_pid(list, s->pids[i]))
			return error_memory(e);
	}
	return 0;
}

int target_by_pid(const void *a, const void *b)
{
	pid_t x = ((const struct target *)a)->pid, y = ((const struct target *)b)->pid;

	return (x > y) - (x < y);
}

/* A pid given twice is one process. */
void target_list_unique(struct target_list *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->targets, list->count, sizeof(*list->targets), target_by_pid);
	for (size_t i = 1; i < list->count; i++) {
		if (list->targets[i].pid != list->targets[kept].pid)
			list->targets[++kept] = list->targets[i];
	}
	list->count = kept + 1;
	for (size_t i = 0; i < list->count; i++)
		list->targets[i].number = i;
}

static int list_files(const struct source *s, struct target_list *list, struct error *e)
{
	list->targets = calloc(s->path_count, sizeof(*list->targets));
	if (!list->targets)
		return error_memory(e);
	for (; list->count < s->path_count; list->count++)
		list->targets[list->count] =
			(struct target){.number = list->count, .file = list->count};
	return 0;
}

/* Sorts the list, or empties it if listing failed. */
static int finish_list(const struct source *s, int status, struct target_list *list)
{
	if (status < 0) {
		free(list->targets);
		*list = (struct target_list){0};
	} else if (s->kind != SOURCE_SMAPS) {
		target_list_unique(list);
	}
	return status;
}

int source_targets(const struct source *s, struct target_list *list, struct error *e)
{
	int status;

	*list = (struct target_list){0};
	if (s->kind == SOURCE_SMAPS)
		status = list_files(s, list, e);
	else if (s->pid_count)
		status = list_named(s, list, e);
	else
		status = list_folder(s, list, e);
	return finish_list(s, status, list);
}

int source_list_all(const struct source *s, struct target_list *list, struct error *e)
{
	*list = (struct target_list){0};
	return finish_list(s, list_folder(s, list, e), list);
}

static uint64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* The kernel returns all of stat, which ends in a newline, in one read. */
static ssize_t read_stat(const struct source *s, pid_t pid, char *text, size_t size)
{
	char path[32] = "";
	const struct procdir dir = source_dir(s, path);
	size_t used = 0;
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof(path), "%d/", pid);
	fd = procdir_open(&dir, "stat");
	if (fd < 0)
		return -1;
	while (used < size && n > 0 && (used == 0 || text[used - 1] != '\n')) {
		n = TEMP_FAILURE_RETRY(read(fd, text + used, size - used));
		used += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	return n < 0 ? -1 : (ssize_t)used;
}

void source_look(const struct source *s, struct target *target)
{
	char text[1024];
	ssize_t n;

	if (s->kind == SOURCE_SMAPS) {
		target->weight = file_size(s->paths[target->file]);
		return;
	}
	n = read_stat(s, target->pid, text, sizeof(text));
	target->stat_known =
		n > 0 && parse_stat((struct slice){text, (size_t)n}, target->name, &target->stat);
	if (!target->stat_known)
		return;
	target->weight = target->stat.resident;
	target->signs = signs_of(&target->stat);
}

static int by_weight(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

void target_list_sort(struct target_list *list)
{
	if (list->count)
		qsort(list->targets, list->count, sizeof(*list->targets), by_weight);
}
