#include "source/family.h"

#include "source/internal.h"

#include <stdlib.h>

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
