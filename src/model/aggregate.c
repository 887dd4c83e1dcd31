#include "model/aggregate.h"

#include <stdlib.h>

void group_zero(struct group *g)
{
	*g = (struct group){0};
	counters_zero(&g->counters);
}

static uint64_t add_up_to_max(uint64_t a, uint64_t b)
{
	return b > COUNTER_MAX || a > COUNTER_MAX - b ? COUNTER_MAX : a + b;
}

void bounds_add(struct bounds *sum, uint64_t low, uint64_t high)
{
	sum->low = add_up_to_max(sum->low, low);
	sum->high = add_up_to_max(sum->high, high);
}

void heap_use_add(struct heap_use *sum, const struct heap_use *part)
{
	sum->known |= part->known;
	sum->partial |= part->partial;
	sum->used = add_up_to_max(sum->used, part->used);
	sum->free = add_up_to_max(sum->free, part->free);
	sum->trimmable = add_up_to_max(sum->trimmable, part->trimmable);
}

bool group_add(struct group *sum, const struct group *part)
{
	sum->processes += part->processes;
	sum->mappings += part->mappings;
	bounds_add(&sum->exclusive, part->exclusive.low, part->exclusive.high);
	sum->exclusive.unknown |= part->exclusive.unknown;
	heap_use_add(&sum->heap, &part->heap);
	return counters_add(&sum->counters, &part->counters);
}

void aggregate_init(struct aggregate *a, unsigned parts)
{
	*a = (struct aggregate){.parts = parts};
	intern_init(&a->keys);
}

void aggregate_reset(struct aggregate *a)
{
	intern_reset(&a->keys);
	a->inexact = false;
}

void aggregate_free(struct aggregate *a)
{
	intern_free(&a->keys);
	free(a->groups);
	a->groups = NULL;
}

/* Finds or adds the group of a key; a new one is all zero. NULL if out of memory. */
static struct group *find(struct aggregate *a, const symbol *key, bool *is_new)
{
	struct slice bytes = {(const char *)key, a->parts * sizeof(*key)};
	uint32_t before = a->keys.count;
	uint32_t index = intern(&a->keys, bytes);

	if (index == SYMBOL_NONE)
		return NULL;
	if (index >= a->capacity) {
		uint32_t capacity = a->capacity ? 2 * a->capacity : 16;
		void *groups = reallocarray(a->groups, capacity, sizeof(*a->groups));

		if (!groups)
			return NULL;
		a->groups = groups;
		a->capacity = capacity;
	}
	*is_new = index == before;
	if (*is_new)
		group_zero(&a->groups[index]);
	return &a->groups[index];
}

struct group *aggregate_group(struct aggregate *a, const symbol *key)
{
	bool is_new;
	struct group *g = find(a, key, &is_new);

	if (g && is_new)
		g->processes = 1;
	return g;
}

struct group *aggregate_find(const struct aggregate *a, const symbol *key)
{
	struct slice bytes = {(const char *)key, a->parts * sizeof(*key)};
	symbol index = intern_find(&a->keys, bytes);

	return index == SYMBOL_NONE ? NULL : &a->groups[index];
}

void aggregate_add(struct aggregate *a, struct group *g, uint64_t mappings,
		   const struct counters *counters)
{
	g->mappings += mappings;
	a->inexact |= !counters_add(&g->counters, counters);
}

bool aggregate_add_group(struct aggregate *a, const symbol *key, const struct group *group)
{
	bool is_new;
	struct group *g = find(a, key, &is_new);

	if (!g)
		return false;
	a->inexact |= !group_add(g, group);
	return true;
}
