#include "report/account_owners.h"

#include <stdlib.h>

static struct slice name_of(const struct snapshot *s, uint32_t group, enum key key)
{
	unsigned at = grouping_find(&s->by, key);

	return intern_bytes(&s->symbols, aggregate_key(&s->groups, group)[at]);
}

static bool is_within(const struct owners *o, uint32_t group)
{
	struct slice wanted, path;

	if (!o->cgroup || strcmp(o->cgroup, "/") == 0)
		return true;
	if (aggregate_key(&o->snapshot->groups,
			  group)[grouping_find(&o->snapshot->by, KEY_CGROUP)] == SYMBOL_NONE)
		return false;
	wanted = slice_of(o->cgroup);
	path = name_of(o->snapshot, group, KEY_CGROUP);
	return slice_begins(path, wanted) &&
	       (path.len == wanted.len || path.ptr[wanted.len] == '/');
}

static bool is_wanted(const struct owners *o, uint32_t group, enum kind kind)
{
	return slice_equals(name_of(o->snapshot, group, KEY_KIND), slice_of(kind_names[kind])) &&
	       is_within(o, group);
}

static struct figure counter(const struct snapshot *s, uint32_t group, enum counter c)
{
	const struct counters *counters = &s->groups.groups[group].counters;
	struct figure f = figure_of(counters->bytes[c]);

	f.known = f.known && counters_know(counters, c);
	return f;
}

struct figure owners_sum(const struct owners *o, enum kind kind, enum counter c)
{
	struct figure sum = {.known = true};

	for (uint32_t i = 0; i < aggregate_count(&o->snapshot->groups); i++) {
		if (is_wanted(o, i, kind))
			sum = figure_plus(sum, counter(o->snapshot, i, c));
	}
	return sum;
}

struct owner {
	struct slice name;
	int64_t bytes;
};

static int by_name(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	return slice_compare(x->name, y->name);
}

static int larger_first(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return by_name(a, b);
}

/* A subsystem in several control groups is one owner. */
static size_t merge(struct owner *list, size_t count)
{
	size_t kept = 0;

	if (count > 1)
		qsort(list, count, sizeof(*list), by_name);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && slice_equals(list[kept - 1].name, list[i].name))
			list[kept - 1].bytes += list[i].bytes;
		else
			list[kept++] = list[i];
	}
	if (kept > 1)
		qsort(list, kept, sizeof(*list), larger_first);
	return kept;
}

static size_t find_owners(const struct owners *o, enum kind kind, enum counter c,
			  struct owner *list)
{
	size_t count = 0;

	for (uint32_t i = 0; i < aggregate_count(&o->snapshot->groups); i++) {
		struct figure f = counter(o->snapshot, i, c);

		if (is_wanted(o, i, kind) && f.known && f.bytes > 0)
			list[count++] =
				(struct owner){name_of(o->snapshot, i, KEY_SUBSYSTEM), f.bytes};
	}
	return merge(list, count);
}

bool owners_add(struct account *a, const struct owners *o, enum kind kind, enum counter c,
		const char *from)
{
	struct owner *list = calloc(aggregate_count(&o->snapshot->groups) + 1, sizeof(*list));
	size_t count = list ? find_owners(o, kind, c, list) : 0;
	struct figure others = {.known = true};
	bool whole = list != NULL;

	for (size_t i = 0; i < count; i++) {
		struct figure f = {true, list[i].bytes};

		if (i < o->largest)
			whole = whole && account_add(a, 1, list[i].name, f, from);
		else
			others.bytes += f.bytes;
	}
	if (count > o->largest)
		whole = whole && account_part(a, "(other subsystems)", others, from);
	free(list);
	return whole;
}

bool owners_add_swapped(struct account *a, const struct owners *o)
{
	return account_sum(a, "anonymous", owners_sum(o, KIND_ANON, COUNTER_SWAP_PSS),
			   "SwapPss of smaps") &&
	       owners_add(a, o, KIND_ANON, COUNTER_SWAP_PSS, "SwapPss of smaps") &&
	       account_sum(a, "pages copied from files", owners_sum(o, KIND_FILE, COUNTER_SWAP_PSS),
			   "SwapPss of smaps") &&
	       account_sum(a, "shared memory", owners_sum(o, KIND_SHMEM, COUNTER_SWAP_PSS),
			   "Swap of smaps, divided");
}
