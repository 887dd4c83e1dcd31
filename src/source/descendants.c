#include "source/descendants.h"

#include "parse/process.h"
#include "source/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void family_free(struct family *f)
{
	free(f->kin);
	free(f->pids);
	*f = (struct family){0};
}

static bool has_pid(const struct family *f, pid_t pid)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->kin[i].pid == pid)
			return true;
	}
	return false;
}

static bool has_process(const struct family *f, const struct kin *k)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->kin[i].pid == k->pid && f->kin[i].start_time == k->start_time)
			return true;
	}
	return false;
}

/* Puts those of `all` that belong to it into `now`, a generation at a time. */
static void gather(struct family *now, const struct family *before, const struct family *all,
		   pid_t first)
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
static int read_kin(const struct source *s, pid_t pid, struct kin *k, struct error *e)
{
	char path[32], buffer[1024], name[PROCESS_NAME_MAX];
	const struct place place = {s->root_fd, path};
	struct process_stat stat;
	ssize_t n;

	snprintf(path, sizeof(path), "%d/", pid);
	n = place_read(&place, "stat", buffer, sizeof(buffer));
	/* What belongs to somebody else may be hidden (hidepid), and is none of it. */
	if (n < 0 && errno != ENOENT && errno != ESRCH && errno != EACCES && errno != EPERM)
		return error_errno(e, "cannot read stat of process %d", pid);
	if (!parse_stat((struct slice){buffer, n > 0 ? (size_t)n : 0}, name, &stat))
		return 0;
	*k = (struct kin){pid, (pid_t)stat.parent, stat.start_time};
	return 1;
}

/* All processes of the running system. libproc2 would list them too; but what it cannot read it
 * leaves out, and without memory it ends the program. */
static int list_kin(struct family *all, struct error *e)
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
		family_free(all);
	free(list.targets);
	source_close(s);
	return status;
}

int family_update(struct family *f, pid_t first, struct error *e)
{
	struct family all = {0}, now = {0};
	int status = list_kin(&all, e);

	if (status < 0)
		return -1;
	now.kin = calloc(all.count + 1, sizeof(*now.kin));
	now.pids = calloc(all.count + 1, sizeof(*now.pids));
	if (!now.kin || !now.pids) {
		family_free(&now);
		status = error_memory(e);
	} else {
		gather(&now, f, &all, first);
		for (size_t i = 0; i < now.count; i++)
			now.pids[i] = now.kin[i].pid;
		family_free(f);
		*f = now;
	}
	family_free(&all);
	return status;
}
