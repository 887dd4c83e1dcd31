#include "model/snapshot.h"

#include "model/translate.h"

#include <stdlib.h>

const char *const trend_names[TREND_COUNT] = {
	[TREND_READ] = "read",	       [TREND_KEPT] = "kept", [TREND_NEW] = "new",
	[TREND_REPLACED] = "replaced", [TREND_GONE] = "gone",
};

const char *const trend_marks[TREND_COUNT] = {
	[TREND_READ] = " ",	[TREND_KEPT] = "=", [TREND_NEW] = "+",
	[TREND_REPLACED] = "*", [TREND_GONE] = "-",
};

void snapshot_init(struct snapshot *s, enum source_kind source, const struct grouping *by)
{
	*s = (struct snapshot){.source = source, .by = *by};
	intern_init(&s->symbols);
	verification_init(&s->verification);
	shares_init(&s->own_segments);
	usages_init(&s->usages, by);
	aggregate_init(&s->groups, by->count);
	group_zero(&s->totals);
}

void snapshot_free(struct snapshot *s)
{
	aggregate_free(&s->groups);
	commands_free(&s->commands);
	usages_free(&s->usages);
	intern_free(&s->symbols);
	verification_free(&s->verification);
	shares_free(&s->own_segments);
	problems_free(&s->problems);
	free(s->sharers.list);
	free(s->trends);
	*s = (struct snapshot){0};
}

bool snapshot_add_groups(struct snapshot *s, const struct intern *symbols,
			 const struct aggregate *groups)
{
	struct translation t;
	bool added = true;

	translation_init(&t, symbols, &s->symbols);
	for (uint32_t i = 0; added && i < aggregate_count(groups); i++) {
		symbol key[KEY_COUNT];

		memcpy(key, aggregate_key(groups, i), s->by.count * sizeof(*key));
		added = translate_key(&t, &s->by, key) &&
			aggregate_add_group(&s->groups, key, &groups->groups[i]);
	}
	translation_free(&t);
	s->groups.inexact |= groups->inexact;
	return added;
}

bool snapshot_add_sharer(struct snapshot *s, const struct record *r)
{
	struct sharer *larger;

	if (r->shares_with == 0)
		return true;
	larger = reallocarray(s->sharers.list, s->sharers.count + 1, sizeof(*larger));
	if (!larger)
		return false;
	s->sharers.list = larger;
	larger[s->sharers.count++] = (struct sharer){r->process.pid, r->shares_with};
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct sharer *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

pid_t snapshot_shares_with(const struct snapshot *s, pid_t pid)
{
	const struct sharer wanted = {.pid = pid}, *found;

	if (s->sharers.count == 0)
		return 0;
	found = bsearch(&wanted, s->sharers.list, s->sharers.count, sizeof(wanted), by_pid);
	return found ? found->with : 0;
}

void snapshot_finish(struct snapshot *s)
{
	if (s->sharers.count)
		qsort(s->sharers.list, s->sharers.count, sizeof(*s->sharers.list), by_pid);
	if (s->coverage.by_outcome[OUTCOME_READ] > 0)
		return;
	s->totals.counters.known = 0;
	s->totals.exclusive.unknown = true;
}

bool problems_add(struct problems *p, size_t target, const char *text)
{
	struct problem *larger = reallocarray(p->list, p->count + 1, sizeof(*larger));
	char *copy = strdup(text);

	if (larger)
		p->list = larger;
	if (!larger || !copy) {
		free(copy);
		return false;
	}
	larger[p->count++] = (struct problem){target, copy};
	return true;
}

static int compare_problems(const void *x, const void *y)
{
	const struct problem *a = x, *b = y;

	return (a->target > b->target) - (a->target < b->target);
}

void problems_sort(struct problems *p)
{
	if (p->count)
		qsort(p->list, p->count, sizeof(*p->list), compare_problems);
}

void problems_free(struct problems *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->list[i].text);
	free(p->list);
	*p = (struct problems){NULL, 0};
}
