#include "watch/owners.h"

#include "collect/sharing.h"

#include <stdlib.h>

/* A process that was read. */
struct candidate {
	struct memory_user user;
	struct owner *now;
	const struct owner *then; /* NULL if it is another process or program */
	const struct record *record;
	bool fresh;
};

struct candidates {
	struct candidate *list;
	size_t count;
};

static bool has_memory(const struct record *r)
{
	return r->match == MATCH_YES && r->outcome == OUTCOME_READ && r->process.signs.code != 0;
}

static bool is_same(const struct watched *a, const struct watched *b)
{
	return a == b || (a->pid == b->pid && has_memory(b->record) &&
			  a->activity.start_time == b->activity.start_time &&
			  signs_equal(a->record->process.signs, b->record->process.signs));
}

/* Nothing has changed unless a process is new, or shares memory and was read again: it may have
 * called exec, or the process that counts its memory may have ended. */
static bool list_candidates(const struct state *before, struct state *now, uint64_t refresh,
			    struct candidates *all)
{
	bool changed = false;
	size_t b = 0;

	for (size_t i = 0; i < now->count; i++) {
		const struct watched *p = now->processes[i];
		struct candidate *c = &all->list[all->count];

		while (b < before->count && before->processes[b]->pid < p->pid)
			b++;
		if (!has_memory(p->record))
			continue;
		*c = (struct candidate){.user = {.pid = p->pid, .signs = p->record->process.signs},
					.now = &now->owners[i],
					.record = p->record,
					.fresh = p->read_at == refresh};
		if (b < before->count && is_same(p, before->processes[b])) {
			c->then = &before->owners[b];
			*c->now = *c->then;
		}
		changed |= !c->then || c->then->shares;
		all->count++;
	}
	return changed;
}

static int by_signs(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return memory_user_compare(&x->user, &y->user);
}

static bool has_pid(const struct candidate *run, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count && run[i].user.pid <= pid; i++) {
		if (run[i].user.pid == pid)
			return true;
	}
	return false;
}

/* Whether processes that look alike must be compared, again or for the first time. */
static bool is_to_be_compared(const struct candidate *run, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct owner *then = run[i].then;

		if (!then || (then->shares && run[i].fresh) ||
		    (then->pid && !has_pid(run, count, then->pid)))
			return true;
	}
	return false;
}

static bool has_as_much(const struct record *a, const struct record *b)
{
	const struct record *of[2] = {a, b};
	uint64_t rss[2] = {0, 0}, mappings[2] = {0, 0};

	for (int i = 0; i < 2; i++) {
		for (uint32_t g = 0; g < of[i]->count; g++) {
			rss[i] += of[i]->groups[g].counters.bytes[COUNTER_RSS];
			mappings[i] += of[i]->groups[g].mappings;
		}
	}
	return rss[0] == rss[1] && mappings[0] == mappings[1];
}

/* Takes over the comparison: in each set, the lowest pid counts the memory. */
static void take_answers(struct candidate *run, const struct memory_user *users, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		*run[i].now = (struct owner){.shares = users[i].set != 0};
		for (size_t k = 0; k < i && users[i].set && !run[i].now->pid; k++) {
			if (users[k].set == users[i].set)
				run[i].now->pid = users[k].pid;
		}
		if (i > 0 && users[i].like)
			run[i].now->maybe = has_as_much(run[i].record, run[i - 1].record);
	}
}

static int compare_run(const struct source *source, struct candidate *run, size_t count,
		       struct error *e)
{
	struct memory_user *users = calloc(count, sizeof(*users));
	struct sharing found;
	int status;

	if (!users)
		return error_memory(e);
	for (size_t i = 0; i < count; i++)
		users[i] = run[i].user;
	status = sharing_find(source, users, count, &found, e);
	if (status == 0)
		take_answers(run, users, count);
	free(users);
	return status;
}

static int compare_all(const struct source *source, struct candidates *all, struct error *e)
{
	int status = 0;

	qsort(all->list, all->count, sizeof(*all->list), by_signs);
	for (size_t i = 0, n; status == 0 && i < all->count; i += n) {
		struct candidate *run = &all->list[i];

		for (n = 1; i + n < all->count && signs_equal(run[n].user.signs, run->user.signs);)
			n++;
		if (is_to_be_compared(run, n))
			status = compare_run(source, run, n, e);
	}
	return status;
}

int owners_find(const struct source *source, const struct state *before, struct state *now,
		uint64_t refresh, struct error *e)
{
	struct candidates all = {calloc(now->count + 1, sizeof(*all.list)), 0};
	int status = 0;

	if (!all.list)
		return error_memory(e);
	if (list_candidates(before, now, refresh, &all))
		status = compare_all(source, &all, e);
	free(all.list);
	return status;
}
