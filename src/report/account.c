#include "report/account.h"

#include "report/account_owners.h"

#include <stdlib.h>

const struct grouping account_grouping = {.keys = {KEY_SUBSYSTEM, KEY_KIND, KEY_SEGMENT},
					  .count = 3};

static struct figure field(const struct kernel_memory *k, enum kernel_field f)
{
	return figure_of_amount(&k->fields[f]);
}

static const char *name_of_rest(const struct snapshot *s, struct figure rest)
{
	return coverage_incomplete(&s->coverage) > 0 && rest.bytes >= 0
		       ? "(in processes not readable)"
		       : "(changed during the reading)";
}

static bool add_anonymous(struct account *a, const struct kernel_memory *k, const struct owners *o)
{
	struct figure rest;

	if (!account_sum(a, "anonymous", field(k, KERNEL_ANON_PAGES), "AnonPages") ||
	    !owners_add(a, o, KIND_ANON, COUNTER_PSS, "Pss of smaps") ||
	    !account_part(a, "pages copied from files", owners_copied(o),
			  "Pss_Anon of smaps_rollup"))
		return false;
	rest = account_rest(a);
	return account_part(a, name_of_rest(o->snapshot, rest), rest, "what is left of AnonPages");
}

/* The kernel's Mapped includes files, shared memory and memory of drivers. */
static bool add_files(struct account *a, const struct kernel_memory *k, const struct owners *o)
{
	struct figure shared = owners_pages(o, COUNTER_PSS_SHMEM),
		      files = figure_minus(field(k, KERNEL_CACHED), field(k, KERNEL_SHMEM)),
		      mapped = figure_minus(figure_minus(field(k, KERNEL_MAPPED), shared),
					    owners_drivers(o).mapped);

	return account_sum(a, "shared memory", field(k, KERNEL_SHMEM), "Shmem") &&
	       account_part(a, "mapped by processes", shared, owners_shared_from(o)) &&
	       account_part(a, "not mapped", account_rest(a), "what is left of Shmem") &&
	       account_sum(a, "files", files, "Cached - Shmem") &&
	       account_part(a, "mapped by processes", mapped, "Mapped - shared memory - drivers") &&
	       account_part(a, "not mapped (cache)", account_rest(a), "what is left of Cached") &&
	       account_sum(a, "buffers", field(k, KERNEL_BUFFERS), "Buffers");
}

/* The swap cache is partly mapped, and then included in AnonPages. All reclaimable pages are
 * anonymous, file, buffer or swap cache; CPUs hold some of them back for a while. */
static struct figure unmapped_swap_cache(const struct kernel_memory *k)
{
	struct figure all = field(k, KERNEL_SWAP_CACHED), f;

	f = figure_plus(figure_plus(field(k, KERNEL_ACTIVE), field(k, KERNEL_INACTIVE)),
			field(k, KERNEL_UNEVICTABLE));
	f = figure_minus(
		figure_minus(figure_minus(f, field(k, KERNEL_ANON_PAGES)), field(k, KERNEL_CACHED)),
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
		whole = whole &&
			account_part(a, p->list[i].name, figure_of(p->list[i].bytes), from);
	return whole &&
	       (!p->known || account_part(a, others, account_rest(a), "what is left of the row"));
}

static struct figure kernel_stacks(const struct kernel_memory *k)
{
	return figure_plus(field(k, KERNEL_KERNEL_STACK),
			   figure_if_any(field(k, KERNEL_SHADOW_CALL_STACK)));
}

/* Whether VmallocUsed includes the kernel stacks, which depends on the kernel's configuration. */
static bool has_stacks(const struct kernel_memory *k)
{
	if (k->vmalloc_stacks.known)
		return k->vmalloc_stacks.bytes > 0;
	return k->fields[KERNEL_VMALLOC_USED].bytes >= k->fields[KERNEL_KERNEL_STACK].bytes;
}

static bool add_vmalloc(struct account *a, const struct kernel_memory *k, size_t largest)
{
	struct figure used = field(k, KERNEL_VMALLOC_USED);
	bool both = has_stacks(k);

	return account_sum(a, "vmalloc", both ? figure_minus(used, kernel_stacks(k)) : used,
			   both ? "VmallocUsed - kernel stacks" : "VmallocUsed") &&
	       add_parts(a, &k->vmalloc, largest, "(other callers)", "vmallocinfo");
}

/* The data of TCP is in pages of its own; what describes it, in slab caches such as
 * skbuff_fclone_cache. */
static struct figure tcp_pages(const struct kernel_memory *k)
{
	struct figure f = figure_of_amount(&k->tcp);

	for (size_t i = 0; i < k->slab.count; i++) {
		if (slice_begins(slice_of(k->slab.list[i].name), SLICE("skbuff_")))
			f = figure_minus(f, figure_of(k->slab.list[i].bytes));
	}
	f.bytes = f.bytes > 0 ? f.bytes : 0;
	return f;
}

static bool add_kernel(struct account *a, const struct kernel_memory *k, size_t largest)
{
	return account_sum(a, "slab", field(k, KERNEL_SLAB), "Slab") &&
	       add_parts(a, &k->slab, largest, "(other caches)", "slabinfo") &&
	       account_sum(
		       a, "other reclaimable",
		       figure_minus(field(k, KERNEL_KRECLAIMABLE), field(k, KERNEL_SRECLAIMABLE)),
		       "KReclaimable - SReclaimable") &&
	       account_sum(a, "page tables", field(k, KERNEL_PAGE_TABLES), "PageTables") &&
	       account_sum(a, "secondary page tables", field(k, KERNEL_SEC_PAGE_TABLES),
			   "SecPageTables") &&
	       account_sum(a, "kernel stacks", kernel_stacks(k), "KernelStack + ShadowCallStack") &&
	       add_vmalloc(a, k, largest) &&
	       account_sum(a, "per-CPU", field(k, KERNEL_PERCPU), "Percpu") &&
	       account_sum(a, "page structures", figure_of_amount(&k->page_structures),
			   "nr_memmap_pages of vmstat") &&
	       account_sum(a, "TCP buffers", tcp_pages(k), "sockstat - skbuff caches") &&
	       account_sum(a, "bounce buffers", field(k, KERNEL_BOUNCE), "Bounce") &&
	       account_sum(a, "FUSE write-back", field(k, KERNEL_WRITEBACK_TMP), "WritebackTmp") &&
	       account_sum(a, "GPU",
			   figure_plus(field(k, KERNEL_GPU_ACTIVE), field(k, KERNEL_GPU_RECLAIM)),
			   "GPUActive + GPUReclaim") &&
	       account_sum(a, "balloon", field(k, KERNEL_BALLOON), "Balloon") &&
	       account_sum(a, "damaged", field(k, KERNEL_HARDWARE_CORRUPTED), "HardwareCorrupted");
}

static bool add_free(struct account *a, const struct kernel_memory *k)
{
	struct figure lists = figure_of_amount(&k->free_per_cpu);

	return account_sum(a, "free", figure_plus(field(k, KERNEL_FREE), figure_if_any(lists)),
			   "MemFree + lists of processors") &&
	       account_part(a, "in the buddy allocator", field(k, KERNEL_FREE), "MemFree") &&
	       account_part(a, "on the lists of processors", lists, "zoneinfo");
}

static bool add_pools(struct account *a, const struct kernel_memory *k)
{
	struct figure free = figure_of_amount(&k->hugetlb_free);

	return account_sum(a, "huge pages", field(k, KERNEL_HUGETLB), "Hugetlb") &&
	       account_part(a, "used", figure_minus(field(k, KERNEL_HUGETLB), free),
			    "Hugetlb - free pages") &&
	       account_part(a, "free in the pools", free, "free_hugepages") &&
	       account_sum(a, "zswap", field(k, KERNEL_ZSWAP), "Zswap") &&
	       account_sum(a, "zram", figure_of_amount(&k->zram), "mm_stat of zram");
}

static bool build_memory(struct account *a, const struct kernel_memory *k, const struct owners *o)
{
	a->name = "memory";
	a->from = "MemTotal";
	a->total = k->fields[KERNEL_TOTAL].bytes;
	return add_anonymous(a, k, o) && add_files(a, k, o) &&
	       account_sum(a, "swap cache, not mapped", unmapped_swap_cache(k),
			   "LRU lists - AnonPages - Cached - Buffers") &&
	       add_kernel(a, k, o->largest) && owners_add_drivers(a, o) && add_pools(a, k) &&
	       add_free(a, k) && account_close(a);
}

static bool build_swap(struct account *a, const struct kernel_memory *k, const struct owners *o)
{
	struct figure in_memory =
			      figure_minus(field(k, KERNEL_SWAP_CACHED), unmapped_swap_cache(k)),
		      unmapped = figure_minus(field(k, KERNEL_SHMEM),
					      owners_pages(o, COUNTER_PSS_SHMEM)),
		      used = figure_minus(field(k, KERNEL_SWAP_TOTAL), field(k, KERNEL_SWAP_FREE));

	a->name = "swap";
	a->from = "SwapTotal";
	a->total = k->fields[KERNEL_SWAP_TOTAL].bytes;
	return owners_add_all_swapped(a, o, unmapped, used) &&
	       account_sum(a, "also in memory (swap cache)", in_memory, "SwapCached, mapped") &&
	       account_sum(a, "free", field(k, KERNEL_SWAP_FREE), "SwapFree") && account_close(a);
}

int account_build(const struct kernel_memory *k, const struct snapshot *s, size_t largest,
		  struct machine_account *a, struct error *e)
{
	const struct owners owners = {s, NULL, largest};

	*a = (struct machine_account){.memory = {.name = NULL}};
	if (!build_memory(&a->memory, k, &owners) || !build_swap(&a->swap, k, &owners))
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
