#include "model/fold.h"

#include <stdlib.h>

void fold_init(struct fold *f, const struct grouping *from, const struct grouping *to,
	       struct aggregate *groups, struct group *totals)
{
	*f = (struct fold){.from = from, .parts = to->count, .groups = groups, .totals = totals};
	for (unsigned i = 0; i < to->count; i++)
		f->places[i] = grouping_find(from, to->keys[i]);
}

void fold_free(struct fold *f)
{
	free(f->counted);
}

void fold_fix(struct fold *f, enum key key, symbol value)
{
	f->fixed[f->fixed_count++] = (struct fold_fixed){grouping_find(f->from, key), value};
}

bool fold_key(const struct fold *f, const symbol *key, symbol *folded)
{
	for (unsigned i = 0; i < f->fixed_count; i++) {
		if (key[f->fixed[i].place] != f->fixed[i].value)
			return false;
	}
	for (unsigned i = 0; i < f->parts; i++) {
		folded[i] = key[f->places[i]];
		if (f->rename && folded[i] != SYMBOL_NONE)
			folded[i] = f->rename(f->rename_ctx, i, folded[i]);
	}
	return true;
}

/* Keeps one number per group. */
static bool reserve_counted(struct fold *f)
{
	uint32_t capacity = f->groups->capacity;
	size_t *counted = reallocarray(f->counted, capacity, sizeof(*counted));

	if (!counted)
		return false;
	memset(counted + f->counted_capacity, 0,
	       (capacity - f->counted_capacity) * sizeof(*counted));
	f->counted = counted;
	f->counted_capacity = capacity;
	return true;
}

/* What a group of a record adds: only processes, if its memory is counted elsewhere. */
static struct group part_of(const struct record *r, uint32_t group)
{
	struct group none;

	if (r->shares_with == 0)
		return r->groups[group];
	group_zero(&none);
	none.processes = r->groups[group].processes;
	return none;
}

static bool add_part(struct fold *f, const symbol *key, const struct group *part)
{
	struct group *g = aggregate_group(f->groups, key), once = *part;
	size_t *counted;

	if (!g || (f->counted_capacity < f->groups->capacity && !reserve_counted(f)))
		return false;
	counted = &f->counted[g - f->groups->groups];
	/* A new group already counts its first process. */
	once.processes = *counted > 0 && *counted < f->process;
	*counted = f->process;
	f->groups->inexact |= !group_add(g, &once);
	f->groups->inexact |= !group_add(f->totals, part);
	return true;
}

/* Whether all groups of all records are kept as they are. */
static bool folds_nothing(const struct fold *f)
{
	for (unsigned i = 0; i < f->parts; i++) {
		if (f->places[i] != i)
			return false;
	}
	return f->parts == f->from->count && f->fixed_count == 0 && !f->rename;
}

/* Takes over the first record's groups, since copying a million groups would be slow. */
static bool take_whole(struct fold *f, const struct record *r)
{
	struct aggregate empty = *f->groups;

	*f->groups = *r->aggregate;
	f->groups->inexact |= empty.inexact;
	*r->aggregate = empty;
	if (!reserve_counted(f))
		return false;
	for (uint32_t i = 0; i < r->count; i++) {
		f->counted[i] = f->process;
		f->groups->inexact |= !group_add(f->totals, &f->groups->groups[i]);
	}
	return true;
}

/* Returns the group, or a copy with its share of swapped shared memory added. Skips the parts of
 * earlier groups. */
static const struct group *with_shares(const struct fold *f, const struct record *r, uint32_t i,
				       const struct group *mine, uint32_t *part, struct group *copy)
{
	const struct group *g = mine;

	if (f->shares_follow)
		return g;
	for (; *part < r->part_count && r->parts[*part].group <= i; ++*part) {
		uint64_t *sum = &copy->counters.bytes[COUNTER_SWAP_PSS], bytes;

		if (r->parts[*part].group < i)
			continue;
		if (g != copy) {
			*copy = *g;
			g = copy;
		}
		if (!shares_of(f->shares, &r->parts[*part], &bytes))
			copy->counters.known &= ~COUNTER_BIT(COUNTER_SWAP_PSS);
		if (__builtin_add_overflow(*sum, bytes, sum))
			*sum = UINT64_MAX;
	}
	return g;
}

/* How many processes of a set have a group, and which one it is folded into. */
struct part {
	uint32_t folded;
	uint64_t processes;
};

static int by_folded(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return (x->folded > y->folded) - (x->folded < y->folded);
}

/* How many processes of a set have any of these groups: at least as many as have the most frequent
 * one. The set does not tell whether others have the rest. */
static uint64_t count_any(struct fold *f, const struct record *r, const struct part *parts,
			  size_t count)
{
	uint64_t most = 0;

	for (size_t i = 0; i < count; i++)
		most = parts[i].processes > most ? parts[i].processes : most;
	f->at_least |= count > 1 && most != r->population;
	return most;
}

static void count_processes(struct fold *f, const struct record *r, struct part *parts,
			    size_t count)
{
	if (count)
		qsort(parts, count, sizeof(*parts), by_folded);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && parts[end].folded == parts[i].folded; end++)
			;
		f->groups->groups[parts[i].folded].processes += count_any(f, r, parts + i, end - i);
	}
	f->totals->processes += count_any(f, r, parts, count);
}

/* Adds processes that cannot be told apart. */
static bool add_set(struct fold *f, const struct record *r)
{
	struct part *parts = calloc((size_t)r->count + 1, sizeof(*parts));
	symbol key[KEY_COUNT];
	size_t count = 0;
	bool added = parts != NULL;

	for (uint32_t i = 0; added && i < r->count; i++) {
		struct group part = r->groups[i];

		if (!fold_key(f, record_key(r, f->from, i), key))
			continue;
		part.processes = 0;
		added = aggregate_add_group(f->groups, key, &part);
		f->groups->inexact |= added && !group_add(f->totals, &part);
		if (added)
			parts[count++] = (struct part){
				(uint32_t)(aggregate_find(f->groups, key) - f->groups->groups),
				r->groups[i].processes};
	}
	if (added)
		count_processes(f, r, parts, count);
	free(parts);
	return added;
}

bool fold_add(struct fold *f, const struct record *r)
{
	uint64_t processes = f->totals->processes;
	symbol key[KEY_COUNT];
	struct group shared;
	uint32_t part = 0;
	bool any = false;

	f->process++;
	f->groups->inexact |= r->inexact;
	if (r->population > 0)
		return add_set(f, r);
	if (r->aggregate && r->count > 0 && aggregate_count(f->groups) == 0 && folds_nothing(f)) {
		any = take_whole(f, r);
		f->totals->processes = processes + any;
		return any;
	}
	for (uint32_t i = 0; i < r->count; i++) {
		const struct group mine = part_of(r, i);
		const struct group *g;

		if (!fold_key(f, record_key(r, f->from, i), key))
			continue;
		g = with_shares(f, r, i, &mine, &part, &shared);
		if (!add_part(f, key, g))
			return false;
		any = true;
	}
	f->totals->processes = processes + any;
	return true;
}

static void add_share(struct group *g, uint64_t bytes, bool known)
{
	uint64_t *sum = &g->counters.bytes[COUNTER_SWAP_PSS];

	*sum = bytes < COUNTER_MAX - *sum ? *sum + bytes : COUNTER_MAX;
	if (!known)
		g->counters.known &= ~COUNTER_BIT(COUNTER_SWAP_PSS);
}

void fold_add_shares(struct fold *f, const struct record *r)
{
	symbol key[KEY_COUNT];

	for (uint32_t i = 0; i < r->part_count && r->parts[i].group != GROUP_NONE; i++) {
		uint64_t bytes;
		struct group *g;
		bool known;

		if (!fold_key(f, record_key(r, f->from, r->parts[i].group), key))
			continue;
		g = aggregate_find(f->groups, key);
		known = shares_of(f->shares, &r->parts[i], &bytes);
		if (g)
			add_share(g, bytes, known);
		add_share(f->totals, bytes, known);
	}
}
