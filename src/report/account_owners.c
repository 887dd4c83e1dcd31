#include "report/account_owners.h"

#include <stdlib.h>

static struct slice name_of(const struct snapshot *s, uint32_t group, enum key key)
{
	unsigned at = grouping_find(&s->by, key);

	return intern_bytes(&s->symbols, aggregate_key(&s->groups, group)[at]);
}

static bool is_path_within(const struct owners *o, symbol cgroup)
{
	struct slice wanted, path;

	if (!o->cgroup || strcmp(o->cgroup, "/") == 0)
		return true;
	if (cgroup == SYMBOL_NONE)
		return false;
	wanted = slice_of(o->cgroup);
	path = intern_bytes(&o->snapshot->symbols, cgroup);
	return slice_begins(path, wanted) &&
	       (path.len == wanted.len || path.ptr[wanted.len] == '/');
}

static bool is_within(const struct owners *o, uint32_t group)
{
	const struct snapshot *s = o->snapshot;

	return !o->cgroup ||
	       is_path_within(o,
			      aggregate_key(&s->groups, group)[grouping_find(&s->by, KEY_CGROUP)]);
}

static bool is_wanted(const struct owners *o, uint32_t group, enum kind kind)
{
	const struct snapshot *s = o->snapshot;
	symbol name = aggregate_key(&s->groups, group)[grouping_find(&s->by, KEY_KIND)];

	return name != SYMBOL_NONE &&
	       slice_equals(intern_bytes(&s->symbols, name), slice_of(kind_names[kind])) &&
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

/* Copied pages of a mapping are at most as many as Anonymous, which does not divide them. */
static struct figure estimate_pages(const struct owners *o, enum kind kind)
{
	struct figure sum = {.known = true};

	for (uint32_t i = 0; i < aggregate_count(&o->snapshot->groups); i++) {
		struct figure pages, copied;

		if (!is_wanted(o, i, kind))
			continue;
		pages = counter(o->snapshot, i, COUNTER_PSS);
		copied = counter(o->snapshot, i, COUNTER_ANONYMOUS);
		if (copied.known)
			pages.bytes -= copied.bytes < pages.bytes ? copied.bytes : pages.bytes;
		sum = figure_plus(sum, pages);
	}
	return sum;
}

struct figure owners_pages(const struct owners *o, enum counter c)
{
	const struct verification *v = &o->snapshot->verification;
	struct figure sum = {.known = true};

	if (!verification_has_sums(v) && c == COUNTER_PSS_ANON)
		return (struct figure){.known = false};
	if (!verification_has_sums(v))
		return estimate_pages(o, c == COUNTER_PSS_SHMEM ? KIND_SHMEM : KIND_FILE);
	for (size_t i = 0; i < v->sum_count; i++) {
		const struct rollup_sum *r = &v->sums[i];

		if (is_path_within(o, r->cgroup))
			sum = figure_plus(sum, figure_of(c == COUNTER_PSS_ANON	 ? r->pss_anon
							 : c == COUNTER_PSS_FILE ? r->pss_file
										 : r->pss_shmem));
	}
	return sum;
}

const char *owners_shared_from(const struct owners *o)
{
	return verification_has_sums(&o->snapshot->verification) ? "Pss_Shmem of smaps_rollup"
								 : "Pss of smaps";
}

struct figure owners_copied(const struct owners *o)
{
	return figure_minus(owners_pages(o, COUNTER_PSS_ANON),
			    owners_sum(o, KIND_ANON, COUNTER_PSS));
}

/* Special mappings whose pages are not memory of their own. */
static const struct special {
	struct slice subsystem;
	bool is_cached; /* the pages are in Cached */
} specials[] = {
	{SLICE_INIT("[aio]"), true},
	{SLICE_INIT("[secretmem]"), true},
	/* Part of the kernel's image, which is outside MemTotal. */
	{SLICE_INIT("[vdso]"), false},
	{SLICE_INIT("[vvar]"), false},
	{SLICE_INIT("[vsyscall]"), false},
	{SLICE_INIT("[vectors]"), false},
	{SLICE_INIT("[sigpage]"), false},
	/* anon_inode:bpf-map, which is in vmalloc. */
	{SLICE_INIT("anon_inode"), false},
};

static const struct special *find_special(struct slice subsystem)
{
	for (size_t i = 0; i < sizeof(specials) / sizeof(*specials); i++) {
		if (slice_equals(subsystem, specials[i].subsystem))
			return &specials[i];
	}
	return NULL;
}

struct driver_memory owners_drivers(const struct owners *o)
{
	struct driver_memory sum = {{.known = true}, {.known = true}};

	for (uint32_t i = 0; i < aggregate_count(&o->snapshot->groups); i++) {
		const struct special *special;
		struct figure pages;

		if (!is_wanted(o, i, KIND_SPECIAL))
			continue;
		special = find_special(name_of(o->snapshot, i, KEY_SUBSYSTEM));
		pages = counter(o->snapshot, i, COUNTER_PSS);
		if (!special || !special->is_cached)
			sum.mapped = figure_plus(sum.mapped, pages);
		if (!special)
			sum.own = figure_plus(sum.own, pages);
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

		struct slice name;

		if (!is_wanted(o, i, kind) || !f.known || f.bytes <= 0)
			continue;
		name = name_of(o->snapshot, i, KEY_SUBSYSTEM);
		if (kind != KIND_SPECIAL || !find_special(name))
			list[count++] = (struct owner){name, f.bytes};
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

bool owners_add_drivers(struct account *a, const struct owners *o)
{
	return account_sum(a, "driver memory, mapped", owners_drivers(o).own, "Pss of smaps") &&
	       owners_add(a, o, KIND_SPECIAL, COUNTER_PSS, "Pss of smaps");
}

static bool add_swapped_anonymous(struct account *a, const struct owners *o)
{
	return account_sum(a, "anonymous", owners_sum(o, KIND_ANON, COUNTER_SWAP_PSS),
			   "SwapPss of smaps") &&
	       owners_add(a, o, KIND_ANON, COUNTER_SWAP_PSS, "SwapPss of smaps") &&
	       account_sum(a, "pages copied from files", owners_sum(o, KIND_FILE, COUNTER_SWAP_PSS),
			   "SwapPss of smaps");
}

bool owners_add_swapped(struct account *a, const struct owners *o)
{
	return add_swapped_anonymous(a, o) &&
	       account_sum(a, "shared memory", owners_sum(o, KIND_SHMEM, COUNTER_SWAP_PSS),
			   "Swap of smaps, divided");
}

/* What is allocated to objects that no process maps, and what of it is known to be swapped. */
static void sum_unmapped(const struct snapshot *s, uint64_t *allocated, uint64_t *swapped)
{
	*allocated = *swapped = 0;
	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++) {
		const symbol *key = aggregate_key(&s->groups, i);
		symbol segment = key[grouping_find(&s->by, KEY_SEGMENT)];
		struct segment_identity identity;
		struct segment_facts facts;

		if (key[grouping_find(&s->by, KEY_KIND)] != SYMBOL_NONE || segment == SYMBOL_NONE)
			continue;
		identity = key_segment(&s->symbols, segment);
		facts = shares_facts(s->segments, &identity.id);
		*allocated += facts.known ? facts.allocated : 0;
		*swapped += facts.swapped_known ? facts.swapped : 0;
	}
}

/* Allocated memory that is not resident is swapped. Some objects cannot be found, so this is a
 * lower bound. */
static struct figure swapped_unmapped(const struct owners *o, struct figure resident,
				      struct figure used)
{
	const struct snapshot *s = o->snapshot;
	uint64_t allocated, swapped;
	struct figure f, least;

	if (!s->segments || !grouping_has(&s->by, KEY_SEGMENT))
		return (struct figure){.known = false};
	sum_unmapped(s, &allocated, &swapped);
	f = figure_minus(figure_of(allocated), resident);
	least = figure_of(swapped);
	if (!f.known || f.bytes < least.bytes)
		f = least;
	if (f.bytes > used.bytes)
		f.bytes = used.bytes;
	f.known = used.known;
	return f;
}

/* The sum of what is known; unknown if neither is. */
static struct figure known_sum(struct figure a, struct figure b)
{
	return a.known || b.known ? figure_plus(figure_if_any(a), figure_if_any(b)) : a;
}

bool owners_add_all_swapped(struct account *a, const struct owners *o, struct figure resident,
			    struct figure used)
{
	struct figure mapped = owners_sum(o, KIND_SHMEM, COUNTER_SWAP_PSS),
		      rest = figure_minus(used, figure_if_any(mapped)),
		      unmapped = swapped_unmapped(o, resident, rest);

	return add_swapped_anonymous(a, o) &&
	       account_sum(a, "shared memory", known_sum(mapped, unmapped),
			   "sum of the next two") &&
	       account_part(a, "mapped by processes", mapped, "Swap of smaps, divided") &&
	       account_part(a, "not mapped", unmapped, "allocated - resident");
}
