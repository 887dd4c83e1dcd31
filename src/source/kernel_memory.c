#include "source/kernel_memory.h"

#include "parse/number.h"
#include "source/handle.h"
#include "source/lines.h"
#include "source/system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* meminfo */

static const struct slice field_keys[KERNEL_FIELD_COUNT] = {
#define KERNEL_FIELD_KEY(id, key) [KERNEL_##id] = SLICE_INIT(key),
	KERNEL_FIELDS(KERNEL_FIELD_KEY)
#undef KERNEL_FIELD_KEY
};

struct meminfo_pages {
	struct kernel_memory *memory;
	struct amount huge_free, huge_total, huge_size; /* pages, pages, bytes: the default size */
};

/* Takes the number after "Key:"; *is_size tells whether the unit follows. */
static bool take_amount(struct slice line, uint64_t *number, bool *is_size)
{
	skip_blanks(&line);
	if (take_decimal(&line, number) == 0)
		return false;
	*is_size = slice_equals(line, SLICE(" kB"));
	return !*is_size || !__builtin_mul_overflow(*number, UINT64_C(1024), number);
}

static bool take_meminfo(void *ctx, struct slice line)
{
	struct meminfo_pages *p = ctx;
	struct slice key;
	struct amount a = {.known = true};
	bool is_size;

	if (!take_key(&line, &key) || !take_amount(line, &a.bytes, &is_size))
		return true;
	if (slice_equals(key, SLICE("HugePages_Free")))
		p->huge_free = a;
	if (slice_equals(key, SLICE("HugePages_Total")))
		p->huge_total = a;
	if (slice_equals(key, SLICE("Hugepagesize")))
		p->huge_size = a;
	for (int i = 0; is_size && i < KERNEL_FIELD_COUNT; i++) {
		if (slice_equals(key, field_keys[i]))
			p->memory->fields[i] = a;
	}
	return true;
}

/* Counts only the default size, which is all if no other size has pages. */
static void count_default_pool(const struct meminfo_pages *p)
{
	struct kernel_memory *m = p->memory;
	uint64_t total;

	if (!p->huge_size.known ||
	    __builtin_mul_overflow(p->huge_total.bytes, p->huge_size.bytes, &total) ||
	    !m->fields[KERNEL_HUGETLB].known || total != m->fields[KERNEL_HUGETLB].bytes)
		return;
	m->hugetlb_free.known = !__builtin_mul_overflow(p->huge_free.bytes, p->huge_size.bytes,
							&m->hugetlb_free.bytes);
}

static int read_meminfo(const struct source *s, struct kernel_memory *m, struct error *e)
{
	struct meminfo_pages p = {.memory = m};

	if (lines_read(s, "meminfo", take_meminfo, &p) != LINES_READ)
		return error_errno(e, "cannot read %s/meminfo", s->root);
	if (!m->fields[KERNEL_TOTAL].known)
		return error_set(e, ERROR_MALFORMED, "%s/meminfo has no MemTotal", s->root);
	/* Linux 4.4 to 5.2 print 0. */
	if (m->fields[KERNEL_VMALLOC_USED].bytes == 0)
		m->fields[KERNEL_VMALLOC_USED].known = false;
	count_default_pool(&p);
	return 0;
}

/* zoneinfo */

struct zones {
	uint64_t managed, free_per_cpu, file; /* pages */
};

/* Adds the number if the line begins with the key. */
static bool add_pages(struct slice line, struct slice key, uint64_t *pages)
{
	uint64_t n;

	if (!slice_begins(line, key))
		return false;
	line = slice_inner(line, key.len, 0);
	skip_blanks(&line);
	*pages += take_decimal(&line, &n) ? n : 0;
	return true;
}

static bool take_zone(void *ctx, struct slice line)
{
	struct zones *z = ctx;

	skip_blanks(&line);
	if (!add_pages(line, SLICE("managed "), &z->managed) &&
	    !add_pages(line, SLICE("count:"), &z->free_per_cpu))
		add_pages(line, SLICE("nr_file_pages "), &z->file);
	return true;
}

/* The power of two that is nearest to a quotient; 0 if it is not the size of a page. */
static uint64_t page_near(uint64_t bytes, uint64_t pages)
{
	enum { SMALLEST = 4096, LARGEST = 65536 };

	for (uint64_t page = SMALLEST; pages > 0 && page <= LARGEST; page *= 2) {
		uint64_t times = bytes / page;

		if (times / 3 < pages / 2)
			return times > pages / 2 ? page : 0;
	}
	return 0;
}

/* For a tree: the page size with which the pages of all zones add up to MemTotal. They do not where
 * memory is managed outside of the zones; then that with which the page cache does. 0 if unknown.
 */
static uint64_t page_of_tree(const struct kernel_memory *m, const struct zones *z)
{
	uint64_t total = m->fields[KERNEL_TOTAL].bytes;
	uint64_t page = z->managed ? (total + z->managed / 2) / z->managed : 0;

	if (page > 0 && (page & (page - 1)) == 0)
		return page;
	return page_near(m->fields[KERNEL_CACHED].bytes + m->fields[KERNEL_BUFFERS].bytes +
				 m->fields[KERNEL_SWAP_CACHED].bytes,
			 z->file);
}

/* Returns the page size; 0 if unknown. */
static uint64_t read_zones(const struct source *s, struct kernel_memory *m)
{
	struct zones z = {0};
	bool known = lines_read(s, "zoneinfo", take_zone, &z) == LINES_READ;
	uint64_t page =
		s->kind == SOURCE_PROC ? (uint64_t)sysconf(_SC_PAGESIZE) : page_of_tree(m, &z);

	m->free_per_cpu.known =
		known && page > 0 &&
		!__builtin_mul_overflow(z.free_per_cpu, page, &m->free_per_cpu.bytes);
	return page;
}

/* slabinfo and vmallocinfo */

struct parts_reader {
	struct kernel_parts *parts;
	uint64_t page;
	struct amount stacks; /* of vmallocinfo; known if callers have names */
};

/* Kernels have a few hundred; a captured tree may claim any number. */
enum { PARTS_MAX = 4096 };

static bool add_part(struct kernel_parts *p, struct slice name, uint64_t bytes)
{
	struct kernel_part *part = NULL;

	for (size_t i = 0; i < p->count && !part; i++) {
		if (slice_equals(slice_of(p->list[i].name), name))
			part = &p->list[i];
	}
	if (!part && p->count == PARTS_MAX)
		return true; /* counted as "other", like parts without a name */
	if (!part && p->count == p->capacity) {
		size_t capacity = p->capacity ? 2 * p->capacity : 64;
		struct kernel_part *larger = reallocarray(p->list, capacity, sizeof(*larger));

		if (!larger)
			return false;
		p->list = larger;
		p->capacity = capacity;
	}
	if (!part) {
		part = &p->list[p->count++];
		*part = (struct kernel_part){.bytes = 0};
		memcpy(part->name, name.ptr, name.len);
	}
	if (__builtin_add_overflow(part->bytes, bytes, &part->bytes))
		part->bytes = UINT64_MAX;
	return true;
}

static bool is_part_name(struct slice name)
{
	return name.len > 0 && name.len < sizeof(((struct kernel_part *)NULL)->name);
}

/* "name active objects size per_slab pages_per_slab : tunables a b c : slabdata active slabs x" */
static bool take_slab(void *ctx, struct slice line)
{
	enum { PAGES_PER_SLAB = 4, SLABS = 13 }; /* words after the name */
	struct parts_reader *r = ctx;
	struct slice name = take_word(&line);
	uint64_t pages = 0, slabs = 0, bytes;

	for (int i = 0; line.len > 0; i++) {
		struct slice word = take_word(&line);

		if (i == PAGES_PER_SLAB && take_decimal(&word, &pages) == 0)
			return true;
		if (i == SLABS && take_decimal(&word, &slabs) == 0)
			return true;
	}
	if (!is_part_name(name) || __builtin_mul_overflow(pages, slabs, &bytes) ||
	    __builtin_mul_overflow(bytes, r->page, &bytes) || bytes == 0)
		return true;
	return add_part(r->parts, name, bytes);
}

/* Thread stacks, which have a row of their own. The function that allocates them depends on the
 * kernel version. */
static bool is_stack(struct slice caller)
{
	static const struct slice callers[] = {
		SLICE_INIT("kernel_clone"), SLICE_INIT("_do_fork"),
		SLICE_INIT("copy_process"), SLICE_INIT("dup_task_struct"),
		SLICE_INIT("fork_idle"),    SLICE_INIT("alloc_thread_stack_node"),
		SLICE_INIT("scs_alloc"),
	};

	for (size_t i = 0; i < sizeof(callers) / sizeof(*callers); i++) {
		if (slice_begins(caller, callers[i]))
			return true;
	}
	return false;
}

/* "begin-end size caller+offset/length [module] pages=N vmalloc ..."; mappings not made by
 * vmalloc() show pages that are counted elsewhere. */
static bool take_vmalloc(void *ctx, struct slice line)
{
	struct parts_reader *r = ctx;
	uint64_t pages = 0, bytes;
	bool is_vmalloc = false;
	struct slice caller;
	const char *plus;

	take_word(&line);
	take_word(&line);
	caller = take_word(&line);
	plus = memchr(caller.ptr, '+', caller.len);
	if (plus)
		caller.len = (size_t)(plus - caller.ptr);
	while (line.len > 0) {
		struct slice word = take_word(&line);

		is_vmalloc |= slice_equals(word, SLICE("vmalloc"));
		if (slice_begins(word, SLICE("pages="))) {
			word = slice_inner(word, strlen("pages="), 0);
			take_decimal(&word, &pages);
		}
	}
	r->stacks.known |= caller.len > 0 && caller.ptr[0] != '0';
	if (!is_vmalloc || !is_part_name(caller) ||
	    __builtin_mul_overflow(pages, r->page, &bytes) || bytes == 0)
		return true;
	if (!is_stack(caller))
		return add_part(r->parts, caller, bytes);
	if (__builtin_add_overflow(r->stacks.bytes, bytes, &r->stacks.bytes))
		r->stacks.bytes = UINT64_MAX;
	return true;
}

static int larger_first(const void *a, const void *b)
{
	const struct kernel_part *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* False if out of memory. */
static bool read_parts(const struct source *s, const char *path, line_fn *take,
		       struct parts_reader *r)
{
	struct kernel_parts *parts = r->parts;
	enum lines_outcome outcome;

	errno = 0;
	outcome = r->page ? lines_read(s, path, take, r) : LINES_MISSING;
	if (outcome == LINES_STOPPED)
		return false;
	parts->known = outcome == LINES_READ;
	if (parts->count > 1)
		qsort(parts->list, parts->count, sizeof(*parts->list), larger_first);
	return true;
}

/* A kernel without SLUB_DEBUG has no slabinfo. */
static bool read_slab(const struct source *s, uint64_t page, struct kernel_memory *m)
{
	struct parts_reader r = {.parts = &m->slab, .page = page};
	bool whole = read_parts(s, "slabinfo", take_slab, &r);

	m->slab_missing = !m->slab.known && errno == ENOENT;
	return whole;
}

static bool read_vmalloc(const struct source *s, uint64_t page, struct kernel_memory *m)
{
	struct parts_reader r = {.parts = &m->vmalloc, .page = page};
	bool whole = read_parts(s, "vmallocinfo", take_vmalloc, &r);

	m->vmalloc_stacks = r.stacks;
	return whole;
}

/* vmstat */

static bool take_vmstat(void *ctx, struct slice line)
{
	struct amount *pages = ctx;

	if (slice_equals(take_word(&line), SLICE("nr_memmap_pages")))
		pages->known = take_decimal(&line, &pages->bytes) > 0;
	return true;
}

/* Those of memory that was there from the start are outside MemTotal. */
static void read_page_structures(const struct source *s, uint64_t page, struct amount *structures)
{
	struct amount pages = {.known = false};

	structures->known = lines_read(s, "vmstat", take_vmstat, &pages) == LINES_READ &&
			    pages.known && page > 0 &&
			    !__builtin_mul_overflow(pages.bytes, page, &structures->bytes);
}

struct socket_pages {
	uint64_t all, tcp;
};

/* "TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 206", in pages of the whole machine. */
static bool take_sockets(void *ctx, struct slice line)
{
	struct socket_pages *pages = ctx;
	bool tcp = slice_begins(line, SLICE("TCP:"));
	uint64_t n;

	while (line.len > 0) {
		if (!slice_equals(take_word(&line), SLICE("mem")) || take_decimal(&line, &n) == 0)
			continue;
		pages->all += n;
		pages->tcp += tcp ? n : 0;
	}
	return true;
}

static void read_sockets(const struct source *s, uint64_t page, struct kernel_memory *m)
{
	struct socket_pages pages = {0};
	bool known = page > 0 && lines_read(s, "net/sockstat", take_sockets, &pages) == LINES_READ;

	m->sockets.known = known && !__builtin_mul_overflow(pages.all, page, &m->sockets.bytes);
	m->tcp.known = known && !__builtin_mul_overflow(pages.tcp, page, &m->tcp.bytes);
}

/* /sys */

static bool take_first_number(void *ctx, struct slice line)
{
	struct amount *a = ctx;

	skip_blanks(&line);
	a->known = a->known || take_decimal(&line, &a->bytes) > 0;
	return true;
}

struct system_reader {
	const struct source *source;
	struct kernel_memory *memory;
};

#define POOLS "/sys/kernel/mm/hugepages"

/* Each page size has a directory such as hugepages-2048kB. */
static bool add_pool(void *ctx, const char *entry)
{
	const struct system_reader *r = ctx;
	struct amount pages = {.known = false}, *sum = &r->memory->hugetlb_free;
	struct slice name = slice_of(entry);
	char path[sizeof(POOLS) + 300];
	uint64_t size;

	if (!slice_begins(name, SLICE("hugepages-")))
		return true;
	name = slice_inner(name, strlen("hugepages-"), 0);
	snprintf(path, sizeof(path), POOLS "/%s/free_hugepages", entry);
	if (take_decimal(&name, &size) == 0 ||
	    lines_read(r->source, path, take_first_number, &pages) != LINES_READ || !pages.known ||
	    __builtin_mul_overflow(pages.bytes, size * 1024, &pages.bytes) ||
	    __builtin_add_overflow(sum->bytes, pages.bytes, &sum->bytes))
		sum->known = false;
	return true;
}

static void read_pools(struct system_reader *r)
{
	const struct amount before = r->memory->hugetlb_free;

	r->memory->hugetlb_free = (struct amount){.known = true};
	if (system_list(r->source, POOLS, add_pool, r) < 0)
		r->memory->hugetlb_free = before;
}

struct zram_numbers {
	uint64_t stored, compressed, taken;
	bool known;
};

/* "orig_data_size compr_data_size mem_used_total ..." */
static bool take_zram(void *ctx, struct slice line)
{
	struct zram_numbers *z = ctx;

	skip_blanks(&line);
	if (take_decimal(&line, &z->stored) == 0)
		return true;
	skip_blanks(&line);
	if (take_decimal(&line, &z->compressed) == 0)
		return true;
	skip_blanks(&line);
	z->known = take_decimal(&line, &z->taken) > 0;
	return true;
}

static void set_zram_known(struct kernel_memory *m, bool known)
{
	m->zram.known = m->zram_stored.known = m->zram_compressed.known = known;
}

static bool add_zram(void *ctx, const char *entry)
{
	const struct system_reader *r = ctx;
	struct kernel_memory *m = r->memory;
	struct zram_numbers z = {.known = false};
	char path[300];

	if (strncmp(entry, "zram", strlen("zram")) != 0)
		return true;
	snprintf(path, sizeof(path), "/sys/block/%s/mm_stat", entry);
	if (lines_read(r->source, path, take_zram, &z) != LINES_READ || !z.known ||
	    __builtin_add_overflow(m->zram.bytes, z.taken, &m->zram.bytes) ||
	    __builtin_add_overflow(m->zram_compressed.bytes, z.compressed,
				   &m->zram_compressed.bytes) ||
	    __builtin_add_overflow(m->zram_stored.bytes, z.stored, &m->zram_stored.bytes))
		set_zram_known(m, false);
	return true;
}

/* A capture without any disk has no folder of them; then it is not known. */
static void read_zram(struct system_reader *r)
{
	struct kernel_memory *m = r->memory;

	set_zram_known(m, true);
	if (system_list(r->source, "/sys/block", add_zram, r) < 0)
		set_zram_known(m, false);
}

int kernel_memory_read(const struct source *s, struct kernel_memory *m, struct error *e)
{
	struct system_reader r = {s, m};
	uint64_t page;

	*m = (struct kernel_memory){.slab = {.known = false}};
	if (read_meminfo(s, m, e) < 0)
		return -1;
	page = read_zones(s, m);
	if (!read_slab(s, page, m) || !read_vmalloc(s, page, m))
		return error_memory(e);
	read_page_structures(s, page, &m->page_structures);
	read_sockets(s, page, m);
	read_pools(&r);
	read_zram(&r);
	return 0;
}

void kernel_memory_free(struct kernel_memory *m)
{
	free(m->slab.list);
	free(m->vmalloc.list);
}
