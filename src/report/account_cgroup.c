#include "report/account_cgroup.h"

#include "report/account_owners.h"

const struct grouping account_cgroup_grouping = {.keys = {KEY_SUBSYSTEM, KEY_KIND, KEY_CGROUP},
						 .count = 3};

static struct figure field(const struct cgroup_memory *c, enum cgroup_field f)
{
	return figure_of_amount(&c->fields[f]);
}

/* Memory is charged to the group that touched it first, and stays charged there when others map
 * it. */
static bool add_processes(struct account *a, const struct cgroup_memory *c, const struct owners *o)
{
	struct figure shared = owners_sum(o, KIND_SHMEM, COUNTER_PSS),
		      mapped = figure_minus(field(c, CGROUP_FILE_MAPPED), shared);

	return account_sum(a, "anonymous", field(c, CGROUP_ANON), "anon") &&
	       owners_add(a, o, KIND_ANON, COUNTER_PSS, "Pss of smaps") &&
	       account_part(a, "(copied from files, or in no process)", account_rest(a),
			    "what is left of anon") &&
	       account_sum(a, "shared memory", field(c, CGROUP_SHMEM), "shmem") &&
	       account_part(a, "mapped by its processes", shared, "Pss of smaps") &&
	       account_part(a, "not mapped by them", account_rest(a), "what is left of shmem") &&
	       account_sum(a, "files", figure_minus(field(c, CGROUP_FILE), field(c, CGROUP_SHMEM)),
			   "file - shmem") &&
	       account_part(a, "mapped", mapped, "file_mapped - Pss of shared memory") &&
	       account_part(a, "not mapped (cache)", account_rest(a), "what is left of file");
}

/* The part of `kernel` beyond its known parts. */
static struct figure other_kernel(const struct cgroup_memory *c)
{
	static const enum cgroup_field parts[] = {
		CGROUP_SLAB,   CGROUP_KERNEL_STACK, CGROUP_PAGE_TABLES, CGROUP_SEC_PAGE_TABLES,
		CGROUP_PERCPU, CGROUP_VMALLOC,	    CGROUP_ZSWAP};
	struct figure rest = field(c, CGROUP_KERNEL);

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		rest = figure_minus(rest, figure_if_any(field(c, parts[i])));
	return rest;
}

static bool add_kernel(struct account *a, const struct cgroup_memory *c)
{
	return account_sum(a, "slab", field(c, CGROUP_SLAB), "slab") &&
	       account_sum(a, "kernel stacks", field(c, CGROUP_KERNEL_STACK), "kernel_stack") &&
	       account_sum(a, "page tables", field(c, CGROUP_PAGE_TABLES), "pagetables") &&
	       account_sum(a, "secondary page tables", field(c, CGROUP_SEC_PAGE_TABLES),
			   "sec_pagetables") &&
	       account_sum(a, "per-CPU", field(c, CGROUP_PERCPU), "percpu") &&
	       account_sum(a, "vmalloc", field(c, CGROUP_VMALLOC), "vmalloc") &&
	       account_sum(a, c->version == 1 ? "kernel" : "other kernel memory", other_kernel(c),
			   c->version == 1 ? "memory.kmem.usage_in_bytes" : "kernel - the above") &&
	       account_sum(a, "sockets", field(c, CGROUP_SOCK), "sock") &&
	       account_sum(a, "huge pages", field(c, CGROUP_HUGETLB), "hugetlb") &&
	       account_sum(a, "zswap", field(c, CGROUP_ZSWAP), "zswap");
}

static bool build_swap(struct account *a, const struct cgroup_memory *c, const struct owners *o)
{
	a->name = "swap";
	a->from = c->version == 1 ? "total_swap" : "memory.swap.current";
	a->total = c->fields[CGROUP_SWAP].bytes;
	return owners_add_swapped(a, o) && account_close(a);
}

/* File pages that the group's processes map beyond those charged to it. Pss of files includes
 * copied pages, which are anonymous. */
static struct amount elsewhere(const struct cgroup_memory *c, const struct owners *o)
{
	struct figure mapped = figure_plus(owners_sum(o, KIND_FILE, COUNTER_PSS),
					   owners_sum(o, KIND_SHMEM, COUNTER_PSS)),
		      copied = figure_minus(field(c, CGROUP_ANON),
					    owners_sum(o, KIND_ANON, COUNTER_PSS)),
		      f = figure_minus(mapped, field(c, CGROUP_FILE_MAPPED));

	if (copied.bytes > 0)
		f = figure_minus(f, copied);
	return (struct amount){f.known && f.bytes > 0, f.bytes > 0 ? (uint64_t)f.bytes : 0};
}

int account_cgroup_build(const struct cgroup_memory *c, const struct snapshot *s, size_t largest,
			 struct machine_account *a, struct error *e)
{
	const struct owners owners = {s, c->path, largest};
	struct account *memory = &a->memory;

	*a = (struct machine_account){.memory = {.name = "memory"}};
	memory->from = c->version == 1 ? "memory.usage_in_bytes" : "memory.current";
	memory->total = c->usage.bytes;
	if (!add_processes(memory, c, &owners) || !add_kernel(memory, c) ||
	    !account_close(memory) || !build_swap(&a->swap, c, &owners))
		return error_memory(e);
	a->elsewhere = elsewhere(c, &owners);
	return 0;
}
