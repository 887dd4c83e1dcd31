#include "report/account_cgroup.h"

#include "report/account_owners.h"

const struct grouping account_cgroup_grouping = {.keys = {KEY_SUBSYSTEM, KEY_KIND, KEY_CGROUP},
						 .count = 3};

static struct figure field(const struct cgroup_memory *c, enum cgroup_field f)
{
	return figure_of_amount(&c->fields[f]);
}

static struct figure least(struct figure a, struct figure b)
{
	return (struct figure){a.known && b.known, a.bytes < b.bytes ? a.bytes : b.bytes};
}

/* What processes map beyond what is charged to the group, so at least that much is charged to other
 * groups; 0 if it is not more. */
static struct figure beyond(struct figure mapped, struct figure charged)
{
	struct figure f = figure_minus(mapped, charged);

	f.bytes = f.bytes > 0 ? f.bytes : 0;
	return f;
}

/* Adds the rest of a row, which is negative if its parts are charged to other groups. */
static bool add_rest(struct account *a, const char *name, const char *from)
{
	struct figure rest = account_rest(a);

	return account_part(a, rest.bytes < 0 ? "(charged to other groups)" : name, rest, from);
}

static const char *rest_of_anon(const struct owners *o)
{
	return owners_copied(o).known ? "not mapped by its processes"
				      : "(copied from files, or in no process)";
}

static struct figure files_charged(const struct cgroup_memory *c)
{
	return figure_minus(field(c, CGROUP_FILE), field(c, CGROUP_SHMEM));
}

/* The kernel's figure includes shared memory, of which only what is charged to the group is there.
 */
static struct figure files_mapped(const struct cgroup_memory *c, const struct owners *o)
{
	struct figure shared = least(owners_pages(o, COUNTER_PSS_SHMEM), field(c, CGROUP_SHMEM)),
		      f = beyond(field(c, CGROUP_FILE_MAPPED), shared);

	return least(f, files_charged(c));
}

/* Memory is charged to the group that touched it first, and stays charged there when others map
 * it. */
static bool add_processes(struct account *a, const struct cgroup_memory *c, const struct owners *o)
{
	return account_sum(a, "anonymous", field(c, CGROUP_ANON), "anon") &&
	       owners_add(a, o, KIND_ANON, COUNTER_PSS, "Pss of smaps") &&
	       account_part(a, "pages copied from files", owners_copied(o),
			    "Pss_Anon of smaps_rollup") &&
	       add_rest(a, rest_of_anon(o), "what is left of anon") &&
	       account_sum(a, "shared memory", field(c, CGROUP_SHMEM), "shmem") &&
	       account_part(a, "mapped by its processes", owners_pages(o, COUNTER_PSS_SHMEM),
			    owners_shared_from(o)) &&
	       add_rest(a, "not mapped by them", "what is left of shmem") &&
	       account_sum(a, "files", files_charged(c), "file - shmem") &&
	       account_part(a, "mapped", files_mapped(c, o), "file_mapped - shared memory") &&
	       add_rest(a, "not mapped (cache)", "what is left of file");
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

static struct amount amount_of(struct figure f)
{
	return (struct amount){f.known, f.known && f.bytes > 0 ? (uint64_t)f.bytes : 0};
}

static struct elsewhere find_elsewhere(const struct cgroup_memory *c, const struct owners *o)
{
	struct figure anon = beyond(owners_pages(o, COUNTER_PSS_ANON), field(c, CGROUP_ANON)),
		      shared = beyond(owners_pages(o, COUNTER_PSS_SHMEM), field(c, CGROUP_SHMEM)),
		      files = beyond(figure_minus(owners_pages(o, COUNTER_PSS_FILE),
						  owners_drivers(o).mapped),
				     files_mapped(c, o));

	return (struct elsewhere){
		.anonymous = amount_of(anon),
		.shared = amount_of(shared),
		.files = amount_of(files),
		.all = amount_of(figure_plus(figure_plus(figure_if_any(anon), shared), files)),
	};
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
	a->elsewhere = find_elsewhere(c, &owners);
	return 0;
}
