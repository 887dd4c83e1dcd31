#include "report/account.h"

#include <stdlib.h>
#include <string.h>

const struct grouping account_grouping = {.keys = {KEY_SUBSYSTEM, KEY_KIND}, .count = 2};
enum { SUBSYSTEM, KIND };

/* A figure that may be negative; unknown if one of those is of which it was made. */
struct figure {
	bool known;
	int64_t bytes;
};

/* No machine has so much; a captured tree may say so. */
static struct figure figure_of(uint64_t bytes)
{
	bool fits = bytes < INT64_MAX / 64;

	return (struct figure){fits, fits ? (int64_t)bytes : 0};
}

static struct figure field(const struct kernel_memory *k, enum kernel_field f)
{
	const struct amount *a = &k->fields[f];

	return a->known ? figure_of(a->bytes) : (struct figure){.known = false};
}

static struct figure amount(const struct amount *a)
{
	return a->known ? figure_of(a->bytes) : (struct figure){.known = false};
}

static struct figure plus(struct figure a, struct figure b)
{
	return (struct figure){a.known && b.known, a.bytes + b.bytes};
}

static struct figure minus(struct figure a, struct figure b)
{
	return (struct figure){a.known && b.known, a.bytes - b.bytes};
}

/* An unknown figure as none, where a kernel that does not have the field has nothing of the kind.
 */
static struct figure if_any(struct figure a)
{
	return a.known ? a : (struct figure){.known = true};
}

/* Rows. Each function is false when there is no memory. */

static bool add(struct account *a, unsigned level, struct slice name, struct figure f,
		const char *from)
{
	char *copy = strndup(name.ptr, name.len);

	if (copy && a->count == a->capacity) {
		size_t capacity = a->capacity ? 2 * a->capacity : 32;
		struct account_row *larger = reallocarray(a->rows, capacity, sizeof(*larger));

		if (!larger) {
			free(copy);
			return false;
		}
		a->rows = larger;
		a->capacity = capacity;
	}
	if (!copy)
		return false;
	a->rows[a->count++] = (struct account_row){copy, from, level, f.known, f.bytes};
	return true;
}

static bool row(struct account *a, const char *name, struct figure f, const char *from)
{
	return add(a, 0, slice_of(name), f, from);
}

static bool part(struct account *a, const char *name, struct figure f, const char *from)
{
	return add(a, 1, slice_of(name), f, from);
}

/* What is left of the last row of level 0 when its parts are taken away. */
static struct figure rest_of_row(const struct account *a)
{
	struct figure rest = {.known = false};

	for (size_t i = a->count; i-- > 0;) {
		const struct account_row *r = &a->rows[i];

		if (r->level == 0) {
			rest.known = r->known;
			rest.bytes += r->bytes;
			break;
		}
		rest.bytes -= r->known ? r->bytes : 0;
	}
	return rest;
}

static bool rest_of_all(struct account *a)
{
	struct figure rest = figure_of(a->total);

	for (size_t i = 0; i < a->count; i++) {
		if (a->rows[i].level == 0 && a->rows[i].known)
			rest.bytes -= a->rows[i].bytes;
	}
	return row(a, "(not accounted for)", rest, "what is left of the total");
}

/* What the processes have, by kind and subsystem. */

static enum kind kind_of(const struct snapshot *s, uint32_t group)
{
	struct slice name = intern_bytes(&s->symbols, aggregate_key(&s->groups, group)[KIND]);

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (slice_equals(name, slice_of(kind_names[kind])))
			return (enum kind)kind;
	}
	return KIND_COUNT;
}

static struct figure counter(const struct snapshot *s, uint32_t group, enum counter c)
{
	const struct counters *counters = &s->groups.groups[group].counters;
	struct figure f = figure_of(counters->bytes[c]);

	f.known = f.known && counters_know(counters, c);
	return f;
}

static struct figure sum_of_kind(const struct snapshot *s, enum kind kind, enum counter c)
{
	struct figure sum = {.known = true};

	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++) {
		if (kind_of(s, i) == kind)
			sum = plus(sum, counter(s, i, c));
	}
	return sum;
}

struct owner {
	struct slice name;
	int64_t bytes;
};

static int larger_first(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return slice_compare(x->name, y->name);
}

/* The largest subsystems of a kind, and the others in one row. */
static bool add_owners(struct account *a, const struct snapshot *s, enum kind kind, enum counter c,
		       size_t largest, const char *from)
{
	struct owner *list = calloc(aggregate_count(&s->groups) + 1, sizeof(*list));
	struct figure others = {.known = true};
	size_t count = 0;
	bool whole = list != NULL;

	if (!list)
		return false;
	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++) {
		struct figure f = counter(s, i, c);

		if (kind_of(s, i) == kind && f.known && f.bytes > 0)
			list[count++] = (struct owner){
				intern_bytes(&s->symbols, aggregate_key(&s->groups, i)[SUBSYSTEM]),
				f.bytes};
	}
	qsort(list, count, sizeof(*list), larger_first);
	for (size_t i = 0; i < count; i++) {
		if (i < largest)
			whole = whole &&
				add(a, 1, list[i].name, (struct figure){true, list[i].bytes}, from);
		else
			others.bytes += list[i].bytes;
	}
	if (count > largest)
		whole = whole && part(a, "(other subsystems)", others, from);
	free(list);
	return whole;
}

/* Pages of files that were copied on writing: what the rollups have beyond anonymous mappings. */
static struct figure copied(const struct snapshot *s)
{
	const struct verification *v = &s->verification;
	struct figure all = figure_of(v->pss_anon);

	all.known =
		all.known && v->compared > 0 && v->without_rollup == 0 && v->without_pss_anon == 0;
	return minus(all, sum_of_kind(s, KIND_ANON, COUNTER_PSS));
}

static bool add_anonymous(struct account *a, const struct kernel_memory *k,
			  const struct snapshot *s, size_t largest)
{
	const char *rest = coverage_missed(&s->coverage) > 0 ? "(in processes not readable)"
							     : "(changed during the reading)";

	return row(a, "anonymous", field(k, KERNEL_ANON_PAGES), "AnonPages") &&
	       add_owners(a, s, KIND_ANON, COUNTER_PSS, largest, "Pss of smaps") &&
	       part(a, "pages copied from files", copied(s), "Pss_Anon of smaps_rollup") &&
	       part(a, rest, rest_of_row(a), "what is left of AnonPages");
}

/* Mapped counts files and shared memory. */
static bool add_files(struct account *a, const struct kernel_memory *k, const struct snapshot *s)
{
	struct figure shared = sum_of_kind(s, KIND_SHMEM, COUNTER_PSS),
		      files = minus(field(k, KERNEL_CACHED), field(k, KERNEL_SHMEM)),
		      mapped = minus(field(k, KERNEL_MAPPED), shared);

	return row(a, "shared memory", field(k, KERNEL_SHMEM), "Shmem") &&
	       part(a, "mapped by processes", shared, "Pss of smaps") &&
	       part(a, "not mapped", rest_of_row(a), "what is left of Shmem") &&
	       row(a, "files", files, "Cached - Shmem") &&
	       part(a, "mapped by processes", mapped, "Mapped - Pss of shared memory") &&
	       part(a, "not mapped (cache)", rest_of_row(a), "what is left of Cached") &&
	       row(a, "buffers", field(k, KERNEL_BUFFERS), "Buffers");
}

/* Swap cache is partly mapped, and then in AnonPages. All pages that can be reclaimed are
 * anonymous, file, buffer or swap cache; processors hold some of them back for a while. */
static struct figure unmapped_swap_cache(const struct kernel_memory *k)
{
	struct figure all = field(k, KERNEL_SWAP_CACHED), f;

	f = plus(plus(field(k, KERNEL_ACTIVE), field(k, KERNEL_INACTIVE)),
		 field(k, KERNEL_UNEVICTABLE));
	f = minus(minus(minus(f, field(k, KERNEL_ANON_PAGES)), field(k, KERNEL_CACHED)),
		  field(k, KERNEL_BUFFERS));
	f.known = f.known && all.known;
	if (f.bytes > all.bytes)
		f.bytes = all.bytes;
	if (f.bytes < 0)
		f.bytes = 0;
	return f;
}

static bool add_parts(struct account *a, const struct kernel_parts *p, size_t largest,
		      const char *others, const char *from)
{
	bool whole = true;

	for (size_t i = 0; i < p->count && i < largest; i++)
		whole = whole && part(a, p->list[i].name, figure_of(p->list[i].bytes), from);
	return whole && (!p->known || part(a, others, rest_of_row(a), "what is left of the row"));
}

static bool add_kernel(struct account *a, const struct kernel_memory *k, size_t largest)
{
	struct figure stacks =
		plus(field(k, KERNEL_KERNEL_STACK), if_any(field(k, KERNEL_SHADOW_CALL_STACK)));

	return row(a, "slab", field(k, KERNEL_SLAB), "Slab") &&
	       add_parts(a, &k->slab, largest, "(other caches)", "slabinfo") &&
	       row(a, "other reclaimable",
		   minus(field(k, KERNEL_KRECLAIMABLE), field(k, KERNEL_SRECLAIMABLE)),
		   "KReclaimable - SReclaimable") &&
	       row(a, "page tables", field(k, KERNEL_PAGE_TABLES), "PageTables") &&
	       row(a, "secondary page tables", field(k, KERNEL_SEC_PAGE_TABLES), "SecPageTables") &&
	       row(a, "kernel stacks", stacks, "KernelStack + ShadowCallStack") &&
	       row(a, "vmalloc", minus(field(k, KERNEL_VMALLOC_USED), stacks),
		   "VmallocUsed - kernel stacks") &&
	       add_parts(a, &k->vmalloc, largest, "(other callers)", "vmallocinfo") &&
	       row(a, "per-CPU", field(k, KERNEL_PERCPU), "Percpu") &&
	       row(a, "bounce buffers", field(k, KERNEL_BOUNCE), "Bounce") &&
	       row(a, "FUSE write-back", field(k, KERNEL_WRITEBACK_TMP), "WritebackTmp") &&
	       row(a, "GPU", plus(field(k, KERNEL_GPU_ACTIVE), field(k, KERNEL_GPU_RECLAIM)),
		   "GPUActive + GPUReclaim") &&
	       row(a, "balloon", field(k, KERNEL_BALLOON), "Balloon");
}

static bool add_free(struct account *a, const struct kernel_memory *k)
{
	struct figure lists = amount(&k->free_per_cpu);

	return row(a, "free", plus(field(k, KERNEL_FREE), if_any(lists)),
		   "MemFree + lists of processors") &&
	       part(a, "in the buddy allocator", field(k, KERNEL_FREE), "MemFree") &&
	       part(a, "on the lists of processors", lists, "zoneinfo");
}

static bool add_pools(struct account *a, const struct kernel_memory *k)
{
	struct figure free = amount(&k->hugetlb_free);

	return row(a, "huge pages", field(k, KERNEL_HUGETLB), "Hugetlb") &&
	       part(a, "used", minus(field(k, KERNEL_HUGETLB), free), "Hugetlb - free pages") &&
	       part(a, "free in the pools", free, "free_hugepages") &&
	       row(a, "zswap", field(k, KERNEL_ZSWAP), "Zswap") &&
	       row(a, "zram", amount(&k->zram), "mm_stat of zram");
}

static bool build_memory(struct account *a, const struct kernel_memory *k, const struct snapshot *s,
			 size_t largest)
{
	a->name = "memory";
	a->from = "MemTotal";
	a->total = k->fields[KERNEL_TOTAL].bytes;
	return add_anonymous(a, k, s, largest) && add_files(a, k, s) &&
	       row(a, "swap cache, not mapped", unmapped_swap_cache(k),
		   "LRU lists - AnonPages - Cached - Buffers") &&
	       add_kernel(a, k, largest) && add_pools(a, k) && add_free(a, k) && rest_of_all(a);
}

static bool build_swap(struct account *a, const struct kernel_memory *k, const struct snapshot *s,
		       size_t largest)
{
	struct figure in_memory = minus(field(k, KERNEL_SWAP_CACHED), unmapped_swap_cache(k));

	a->name = "swap";
	a->from = "SwapTotal";
	a->total = k->fields[KERNEL_SWAP_TOTAL].bytes;
	return row(a, "anonymous", sum_of_kind(s, KIND_ANON, COUNTER_SWAP_PSS),
		   "SwapPss of smaps") &&
	       add_owners(a, s, KIND_ANON, COUNTER_SWAP_PSS, largest, "SwapPss of smaps") &&
	       row(a, "pages copied from files", sum_of_kind(s, KIND_FILE, COUNTER_SWAP_PSS),
		   "SwapPss of smaps") &&
	       row(a, "shared memory", sum_of_kind(s, KIND_SHMEM, COUNTER_SWAP_PSS),
		   "Swap of smaps, divided") &&
	       row(a, "also in memory (swap cache)", in_memory, "SwapCached, mapped") &&
	       row(a, "free", field(k, KERNEL_SWAP_FREE), "SwapFree") && rest_of_all(a);
}

int account_build(const struct kernel_memory *k, const struct snapshot *s, size_t largest,
		  struct machine_account *a, struct error *e)
{
	*a = (struct machine_account){.memory = {.name = NULL}};
	if (!build_memory(&a->memory, k, s, largest) || !build_swap(&a->swap, k, s, largest))
		return error_memory(e);
	return 0;
}

static void free_rows(struct account *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->rows[i].name);
	free(a->rows);
}

void account_free(struct machine_account *a)
{
	free_rows(&a->memory);
	free_rows(&a->swap);
}
