#include "source/descendants.h"

#include "parse/process.h"
#include "source/handle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void descendants_free(struct descendants *f)
{
	free(f->kin);
	free(f->pids);
	*f = (struct descendants){0};
}

static bool has_pid(const struct descendants *f, pid_t pid)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->kin[i].pid == pid)
			return true;
	}
	return false;
}

static bool has_process(const struct descendants *f, const struct descendant *k)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->kin[i].pid == k->pid && f->kin[i].start_time == k->start_time)
			return true;
	}
	return false;
}

/* Puts those of `all` that belong to it into `now`, a generation at a time. */
static void gather(struct descendants *now, const struct descendants *before,
		   const struct descendants *all, pid_t first)
{
	size_t found;

	for (size_t i = 0; i < all->count; i++) {
		if (all->kin[i].pid == first || has_process(before, &all->kin[i]))
			now->kin[now->count++] = all->kin[i];
	}
	do {
		found = now->count;
		for (size_t i = 0; i < all->count; i++) {
			if (has_pid(now, all->kin[i].parent) && !has_pid(now, all->kin[i].pid))
				now->kin[now->count++] = all->kin[i];
		}
	} while (now->count > found);
}

/* What stat says of one: 1, 0 if it has gone, or -1 with *e. */
static int read_kin(const struct source *s, pid_t pid, struct descendant *k, struct error *e)
{
	char path[32], buffer[1024], name[PROCESS_NAME_MAX];
	const struct procdir dir = {s->root_fd, path};
	struct process_stat stat;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/", pid);
	n = procdir_read(&dir, "stat", buffer, sizeof(buffer));
	/* What belongs to somebody else may be hidden (hidepid), and does not belong here. */
	if (n < 0 && errno != ENOENT && errno != ESRCH && errno != EACCES && errno != EPERM)
		return error_errno(e, "cannot read stat of process %d", pid);
	if (!parse_stat((struct slice){buffer, n > 0 ? (size_t)n : 0}, name, &stat))
		return 0;
	*k = (struct descendant){pid, (pid_t)stat.parent, stat.start_time};
	return 1;
}

/* All processes of the running system. libproc2 would list them too; but what it cannot read it
 * leaves out, and without memory it ends the program. */
static int list_kin(struct descendants *all, struct error *e)
{
	struct source *s = source_open_proc(NULL, NULL, 0, e);
	struct target_list list = {NULL, 0};
	int status = s ? source_targets(s, &list, e) : -1;

	if (status == 0) {
		all->kin = calloc(list.count + 1, sizeof(*all->kin));
		status = all->kin ? 0 : error_memory(e);
	}
	for (size_t i = 0; all->kin && i < list.count && status == 0; i++) {
		int found = read_kin(s, list.targets[i].pid, &all->kin[all->count], e);

		all->count += found > 0;
		status = found < 0 ? -1 : 0;
	}
	if (status < 0)
		descendants_free(all);
	free(list.targets);
	source_close(s);
	return status;
}

int descendants_update(struct descendants *f, pid_t first, struct error *e)
{
	struct descendants all = {0}, now = {0};
	int status = list_kin(&all, e);

	if (status < 0)
		return -1;
	now.kin = calloc(all.count + 1, sizeof(*now.kin));
	now.pids = calloc(all.count + 1, sizeof(*now.pids));
	if (!now.kin || !now.pids) {
		descendants_free(&now);
		status = error_memory(e);
	} else {
		gather(&now, f, &all, first);
		for (size_t i = 0; i < now.count; i++)
			now.pids[i] = now.kin[i].pid;
		descendants_free(f);
		*f = now;
	}
	descendants_free(&all);
	return status;
}
