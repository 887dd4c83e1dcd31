#include "model/snapshot.h"

#include <stdlib.h>

const char *const trend_names[TREND_COUNT] = {
	[TREND_READ] = "read",	       [TREND_KEPT] = "kept", [TREND_NEW] = "new",
	[TREND_REPLACED] = "replaced", [TREND_GONE] = "gone",
};

const char *const trend_marks[TREND_COUNT] = {
	[TREND_READ] = " ",	[TREND_KEPT] = "=", [TREND_NEW] = "+",
	[TREND_REPLACED] = "*", [TREND_GONE] = "-",
};

uint64_t coverage_missed(const struct coverage *c)
{
	return c->seen - c->by_outcome[OUTCOME_READ] - c->by_outcome[OUTCOME_NO_MEMORY];
}

void snapshot_init(struct snapshot *s, enum source_kind source, const struct grouping *by)
{
	*s = (struct snapshot){.source = source, .by = *by};
	intern_init(&s->symbols);
	verification_init(&s->verification);
	aggregate_init(&s->groups, by->count);
	group_zero(&s->totals);
}

void snapshot_free(struct snapshot *s)
{
	aggregate_free(&s->groups);
	intern_free(&s->symbols);
	verification_free(&s->verification);
	for (size_t i = 0; i < s->problem_count; i++)
		free(s->problems[i].text);
	free(s->problems);
	free(s->trends);
	*s = (struct snapshot){0};
}

bool snapshot_add_problem(struct snapshot *s, size_t target, const char *text)
{
	struct problem *larger = reallocarray(s->problems, s->problem_count + 1, sizeof(*larger));
	char *copy = strdup(text);

	if (larger)
		s->problems = larger;
	if (!larger || !copy) {
		free(copy);
		return false;
	}
	larger[s->problem_count++] = (struct problem){target, copy};
	return true;
}

void read_stats_add(struct read_stats *e, const struct read_stats *from)
{
	e->bytes += from->bytes;
	e->calls += from->calls;
	e->scanned += from->scanned;
	e->unscannable += from->unscannable;
	e->barred += from->barred;
	e->names_read += from->names_read;
	e->names_lost += from->names_lost;
	e->held_up += from->held_up;
	if (from->held_up > 0)
		e->held_up_pid = from->held_up_pid;
	if (from->longest_ns > e->longest_ns) {
		e->longest_ns = from->longest_ns;
		e->longest_pid = from->longest_pid;
	}
}

bool snapshot_add_groups(struct snapshot *s, const struct intern *symbols,
			 const struct aggregate *groups)
{
	for (uint32_t i = 0; i < aggregate_count(groups); i++) {
		symbol key[KEY_COUNT];

		memcpy(key, aggregate_key(groups, i), s->by.count * sizeof(*key));
		for (unsigned k = 0; k < s->by.count; k++) {
			if (!key_translate(&s->symbols, symbols, s->by.keys[k], &key[k]))
				return false;
		}
		if (!aggregate_add_group(&s->groups, key, &groups->groups[i]))
			return false;
	}
	s->groups.inexact |= groups->inexact;
	return true;
}

bool snapshot_merge(struct snapshot *s, const struct snapshot *from)
{
	s->groups.inexact |= !group_add(&s->totals, &from->totals);
	s->unidentified += from->unidentified;
	s->shared_swappers += from->shared_swappers;
	read_stats_add(&s->stats, &from->stats);
	s->coverage.seen += from->coverage.seen;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		s->coverage.by_outcome[i] += from->coverage.by_outcome[i];
	for (size_t i = 0; i < from->problem_count; i++) {
		if (!snapshot_add_problem(s, from->problems[i].target, from->problems[i].text))
			return false;
	}
	return snapshot_add_groups(s, &from->symbols, &from->groups) &&
	       verification_merge(&s->verification, &s->symbols, &from->verification,
				  &from->symbols);
}

static int compare_problems(const void *x, const void *y)
{
	const struct problem *a = x, *b = y;

	return (a->target > b->target) - (a->target < b->target);
}

void snapshot_sort(struct snapshot *s)
{
	if (s->problem_count)
		qsort(s->problems, s->problem_count, sizeof(*s->problems), compare_problems);
	verification_sort(&s->verification, &s->symbols);
}
