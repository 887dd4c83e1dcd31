#include "source/descendants.h"

#include "parse/process.h"
#include "source/handle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	NOT_THERE = -1,
	ROUNDS = 8, /* of looking for new processes */
};

/* What is known about a process while walking up to the roots. */
enum belonging {
	BELONGS_UNKNOWN,
	BELONGS_ASKED, /* the walk is in progress */
	BELONGS,
	BELONGS_NOT,
};

void descendants_free(struct descendants *d)
{
	free(d->kin);
	free(d->unknown);
	*d = (struct descendants){0};
}

static int by_pid(const void *key, const void *element)
{
	pid_t pid = *(const pid_t *)key, other = ((const struct descendant *)element)->pid;

	return (pid > other) - (pid < other);
}

/* The index of a pid, or NOT_THERE. */
static ssize_t find(const struct descendants *all, pid_t pid)
{
	const struct descendant *found =
		all->count ? bsearch(&pid, all->kin, all->count, sizeof(*all->kin), by_pid) : NULL;

	return found ? found - all->kin : NOT_THERE;
}

static bool is_gone(int error)
{
	return error == ENOENT || error == ESRCH || error == ENOTDIR || error == ELOOP;
}

/* Reads a file of a process: 1, 0 if the process is gone, or -1 with *e if something else failed.
 * The text is empty if the file may not be read, or is hidden (hidepid). */
static int read_file(const struct procdir *dir, const char *name, char *buffer, size_t size,
		     struct slice *text, struct error *e)
{
	ssize_t n = procdir_read(dir, name, buffer, size);

	*text = (struct slice){buffer, n > 0 ? (size_t)n : 0};
	if (n >= 0)
		return 1;
	if (is_gone(errno))
		return 0;
	if (errno == EACCES || errno == EPERM || errno == EISDIR || procdir_refusal(errno))
		return 1;
	return error_errno(e, "cannot read %s%s", dir->prefix, name);
}

/* Reads the parent of a process, if it can be known: 1, 0 if the process is gone, or -1 with *e. */
static int read_kin(const struct source *s, pid_t pid, struct descendant *k, struct error *e)
{
	char path[32] = "", buffer[4096], name[PROCESS_NAME_MAX];
	const struct procdir dir = source_dir(s, path);
	struct process_stat stat;
	struct slice text;
	uint64_t parent;
	int found;

	snprintf(path, sizeof(path), "%d/", pid);
	*k = (struct descendant){pid, PARENT_UNKNOWN, 0};
	found = read_file(&dir, "stat", buffer, sizeof(buffer), &text, e);
	if (found > 0 && parse_stat(text, name, &stat)) {
		*k = (struct descendant){pid, (pid_t)stat.parent, stat.start_time};
		return 1;
	}
	if (found < 0 || s->is_live)
		return found;
	if (read_file(&dir, "status", buffer, sizeof(buffer), &text, e) < 0)
		return -1;
	if (parse_status_parent(text, &parent))
		k->parent = (pid_t)parent;
	return 1;
}

/* Adds new processes to `all`. Processes that ended meanwhile stay, since others descend from them.
 * 0, or -1 with *e. */
static int add_new(struct descendants *all, const struct source *s, struct error *e)
{
	struct descendants more = {0};
	struct target_list list;
	size_t known = 0;
	int status = source_list_all(s, &list, e);

	if (status < 0)
		return -1;
	more.kin = calloc(all->count + list.count + 1, sizeof(*more.kin));
	if (!more.kin) {
		free(list.targets);
		return error_memory(e);
	}
	for (size_t i = 0; i < list.count && status == 0; i++) {
		pid_t pid = list.targets[i].pid;
		int found;

		while (known < all->count && all->kin[known].pid < pid)
			more.kin[more.count++] = all->kin[known++];
		if (known < all->count && all->kin[known].pid == pid)
			continue;
		found = read_kin(s, pid, &more.kin[more.count], e);
		more.count += found > 0;
		status = found < 0 ? -1 : 0;
	}
	while (status == 0 && known < all->count)
		more.kin[more.count++] = all->kin[known++];
	free(list.targets);
	descendants_free(status == 0 ? all : &more);
	if (status == 0)
		*all = more;
	return status;
}

/* Walks up the parents of a process to one that is decided, and decides all on the way likewise. In
 * a captured tree, parents may form a cycle. */
static void decide(const struct descendants *all, unsigned char *belongs, size_t process)
{
	ssize_t at = (ssize_t)process;
	enum belonging verdict;

	while (at != NOT_THERE && belongs[at] == BELONGS_UNKNOWN) {
		belongs[at] = BELONGS_ASKED;
		at = find(all, all->kin[at].parent);
	}
	verdict = at != NOT_THERE && belongs[at] == BELONGS ? BELONGS : BELONGS_NOT;
	at = (ssize_t)process;
	while (at != NOT_THERE && belongs[at] == BELONGS_ASKED) {
		belongs[at] = (unsigned char)verdict;
		at = find(all, all->kin[at].parent);
	}
}

/* Puts the descendants in `all`, and the undecided, into `now`, which has room for them. */
static void gather(struct descendants *now, const struct descendants *all,
		   const struct descendants *before, const pid_t *roots, size_t count,
		   unsigned char *belongs)
{
	for (size_t i = 0; i < count; i++) {
		ssize_t at = find(all, roots[i]);

		if (at != NOT_THERE)
			belongs[at] = BELONGS;
	}
	for (size_t i = 0; i < before->count; i++) {
		ssize_t at = find(all, before->kin[i].pid);

		if (at != NOT_THERE && all->kin[at].start_time == before->kin[i].start_time)
			belongs[at] = BELONGS;
	}
	for (size_t i = 0; i < all->count; i++) {
		decide(all, belongs, i);
		if (belongs[i] == BELONGS)
			now->kin[now->count++] = all->kin[i];
		else if (all->kin[i].parent == PARENT_UNKNOWN)
			now->unknown[now->unknown_count++] = all->kin[i].pid;
	}
}

/* Finds the descendants in `all`. 0, or -1 with *e. */
static int look(struct descendants *now, const struct descendants *all,
		const struct descendants *before, const pid_t *roots, size_t count, struct error *e)
{
	unsigned char *belongs = calloc(all->count + 1, 1);

	int status = 0;

	*now = (struct descendants){
		.kin = calloc(all->count + 1, sizeof(*now->kin)),
		.unknown = calloc(all->count + 1, sizeof(*now->unknown)),
	};
	if (belongs && now->kin && now->unknown)
		gather(now, all, before, roots, count, belongs);
	else
		status = error_memory(e);
	free(belongs);
	if (status < 0)
		descendants_free(now);
	return status;
}

int descendants_update(struct descendants *d, const struct source *s, const pid_t *roots,
		       size_t count, struct error *e)
{
	struct descendants all = {0}, now = {0};
	size_t found;
	int status, round = 0;

	do {
		found = now.count;
		descendants_free(&now);
		status = add_new(&all, s, e);
		if (status == 0)
			status = look(&now, &all, d, roots, count, e);
	} while (status == 0 && now.count > found && s->is_live && ++round < ROUNDS);
	descendants_free(&all);
	if (status < 0)
		return -1;
	descendants_free(d);
	*d = now;
	return 0;
}
