#include "model/peaks.h"

#include "model/translate.h"

void peaks_init(struct peaks *p, const struct grouping *by)
{
	*p = (struct peaks){0};
	snapshot_init(&p->most, SOURCE_PROC, by);
}

void peaks_free(struct peaks *p)
{
	snapshot_free(&p->most);
}

static void raise_to(uint64_t *most, uint64_t now)
{
	if (now > *most)
		*most = now;
}

/* A counter that was once unknown stays unknown. */
static void raise_group(struct group *most, const struct group *now)
{
	raise_to(&most->processes, now->processes);
	raise_to(&most->mappings, now->mappings);
	most->counters.known &= now->counters.known;
	for (int c = 0; c < COUNTER_COUNT; c++)
		raise_to(&most->counters.bytes[c], now->counters.bytes[c]);
	most->heap.known |= now->heap.known;
	most->heap.partial |= now->heap.partial;
	raise_to(&most->heap.used, now->heap.used);
	raise_to(&most->heap.free, now->heap.free);
	raise_to(&most->heap.trimmable, now->heap.trimmable);
}

static bool add_group(struct snapshot *most, const struct snapshot *now, uint32_t i,
		      struct translation *t)
{
	const struct group *group = &now->groups.groups[i];
	symbol key[KEY_COUNT];
	struct group *there;

	memcpy(key, aggregate_key(&now->groups, i), most->by.count * sizeof(*key));
	if (!translate_key(t, &most->by, key))
		return false;
	there = aggregate_find(&most->groups, key);
	if (!there)
		return aggregate_add_group(&most->groups, key, group);
	raise_group(there, group);
	return true;
}

int peaks_add(struct peaks *p, const struct snapshot *now, struct error *e)
{
	struct translation t;
	bool added = true;

	translation_init(&t, &now->symbols, &p->most.symbols);
	for (uint32_t i = 0; added && i < aggregate_count(&now->groups); i++)
		added = add_group(&p->most, now, i, &t);
	translation_free(&t);
	if (!added)
		return error_memory(e);
	if (p->readings++ == 0)
		p->most.totals = now->totals;
	else
		raise_group(&p->most.totals, &now->totals);
	return 0;
}
