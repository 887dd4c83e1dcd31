#include "source/scan.h"

#include "parse/process.h"
#include "source/exclusive_pages.h"
#include "source/pages.h"
#include "source/pagescan.h"
#include "source/pause.h"
#include "source/userfault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Each call holds the process's mmap lock while it walks the page tables. To respect a limit on
 * that time, each call covers as many addresses and pages as earlier calls have shown to fit.
 */

enum {
	REGIONS = 512,
	FIRST_RANGE = 1 << 28, /* addresses of the first call under a limit: cheap in any case */
	LEAST_BOUND_NS =
		50000, /* smaller calls are mostly overhead, and there would be too many of them */
	PAGE_NS = 15,  /* approximate cost of a page within a call */
};

/*
 * A page table entry for a missing page need not be swap: userfaultfd(2) marks missing pages as
 * write-protected or poisoned, and kernels before 6.16 do not tell guards (MADV_GUARD_INSTALL)
 * apart. Write protection sets a bit, but so it does for pages that really are swapped; poison sets
 * none. So VmSwap in status, the kernel's own count, decides: the total found must lie between its
 * values before and after. It is read only if anything was found.
 */

struct scan {
	const struct procdir *dir;
	int pagemap; /* -1 until needed */
	uint64_t page_size;
	uint64_t top;	    /* end of the scannable addresses */
	uint64_t range;	    /* addresses that a call may cover; 0 for all */
	uint64_t max_pages; /* pages that a call may find; 0 for any number */
	uint64_t scanned;   /* addresses below this are done */
	struct page_region regions[REGIONS];
	size_t count, next;

	struct io *io;
	struct stage next_stage;
	struct scan_facts facts;
	bool shares;
	uint64_t resident, swapped; /* bytes in all mappings so far */
	uint64_t vm_swap;	    /* when the first swapped page was found */
	struct exclusive_pages exclusive;
	bool cannot_tell; /* swap from markers in this process */
	bool monitored;	  /* by userfaultfd(2), so its memory may not be looked at */
	bool monitored_known;
	bool huge_pages; /* the system has hugetlb pages, which RSS leaves out but a scan finds */
};

/* Allows more for the next call if the last one was quick, less if it was slow. */
static void adapt(struct scan *s, uint64_t ns)
{
	uint64_t bound = s->io->reading.max_stall_ns;

	if (bound == 0)
		return;
	if (bound < LEAST_BOUND_NS)
		bound = LEAST_BOUND_NS;
	if (ns > bound / 2 && s->range > s->page_size * REGIONS) {
		s->range /= 2;
		s->max_pages = s->max_pages / 2 + 1;
	} else if (ns < bound / 8 && s->range < s->top / 2) {
		s->range *= 2;
		if (s->max_pages < bound / PAGE_NS)
			s->max_pages *= 2;
	}
}

/* Fetches the regions starting at an address, at least up to `end`. */
static int fetch(struct scan *s, uint64_t from, uint64_t end, struct error *e)
{
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = from,
		.vec = (uint64_t)(uintptr_t)s->regions,
		.vec_len = REGIONS,
		.max_pages = s->max_pages,
	};
	uint64_t begun, ns;
	int n;

	for (;;) {
		arg.end = s->range && s->range < s->top - from ? from + s->range : s->top;
		if (arg.end < end && s->range == 0)
			arg.end = end;
		begun = io_start(s->io);
		n = pagescan(s->pagemap, &arg);
		ns = io_stop(s->io, begun, 0);
		if (n >= 0 || errno != EFAULT || s->top <= end)
			break;
		s->top = (s->top + s->page_size) / 2 - s->page_size; /* user space ends lower */
	}
	if (n < 0)
		return error_errno(e, "cannot scan its pages");
	adapt(s, ns);
	if (s->io->reading.max_stall_ns)
		pause_for_others();
	s->next = 0;
	s->count = (size_t)n;
	s->scanned = arg.walk_end > from ? arg.walk_end : arg.end;
	return 0;
}

/* Not before the first mapping: kernel threads have neither mappings nor a pagemap. */
static int open_pagemap(struct scan *s, struct error *e)
{
	s->pagemap = procdir_open(s->dir, "pagemap");
	if (s->pagemap < 0)
		return error_errno(e, "cannot open its pagemap");
	return 0;
}

/* Bytes of a mapping. */
struct found {
	uint64_t resident, swapped, exclusive;
};

static int count_region(struct scan *s, const struct page_region *r, uint64_t start, uint64_t end,
			struct found *found, struct error *e)
{
	uint64_t from = r->start > start ? r->start : start;
	uint64_t to = r->end < end ? r->end : end;

	if (from >= to)
		return 0;
	if (r->categories & PAGE_IS_SWAPPED) {
		found->swapped += to - from;
		return 0;
	}
	found->resident += to - from;
	if (s->io->reading.exclusive_pages &&
	    exclusive_pages_count(&s->exclusive, s->pagemap, from, to, &found->exclusive) < 0)
		return error_errno(e, "cannot read its pagemap");
	return 0;
}

/* Measures the bytes of a range; ranges come in ascending order. */
static int measure(struct scan *s, uint64_t start, uint64_t end, struct found *found,
		   struct error *e)
{
	*found = (struct found){0, 0, 0};
	if (start >= s->top) /* [vsyscall] is in kernel space */
		return 0;
	if (s->pagemap < 0 && open_pagemap(s, e) < 0)
		return -1;
	for (;;) {
		for (; s->next < s->count; s->next++) {
			const struct page_region *r = &s->regions[s->next];

			if (r->start >= end)
				return 0;
			if (count_region(s, r, start, end, found, e) < 0)
				return -1;
			if (r->end > end)
				return 0;
		}
		if (s->scanned >= end)
			return 0;
		if (fetch(s, s->scanned > start ? s->scanned : start, end, e) < 0)
			return -1;
	}
}

static void know(struct counters *c, enum counter counter, uint64_t bytes)
{
	c->bytes[counter] = bytes;
	c->known |= COUNTER_BIT(counter);
}

/* The swapped bytes as the kernel counts them; if it does not, those that were found. */
static uint64_t read_vm_swap(struct scan *s)
{
	uint64_t bytes;

	return parse_meminfo(io_slurp(s->io, s->dir, "status"), SLICE("VmSwap"), &bytes)
		       ? bytes
		       : s->swapped;
}

static void count_swap(struct scan *s, uint64_t bytes)
{
	bool first = s->swapped == 0;

	s->swapped += bytes;
	if (first && bytes > 0)
		s->vm_swap = read_vm_swap(s);
}

/* Memory of a driver, such as the ring of a socket or of io_uring: nothing else tells how it is
 * shared. */
static bool is_drivers(const struct mapping *m)
{
	if (slice_begins(m->name, SLICE("/dev/")))
		return !slice_begins(m->name, SLICE("/dev/shm/")) &&
		       !slice_begins(m->name, SLICE("/dev/zero"));
	return m->name.len && m->name.ptr[0] != '/' && m->name.ptr[0] != '[';
}

/* If no other process maps any of its pages, PSS and USS equal RSS. */
static void prove_exclusive(struct scan *s, const struct mapping *m, struct counters *c)
{
	struct part all = {.start = m->start, .end = m->end};
	uint64_t resident = c->bytes[COUNTER_RSS];

	if (pages_count(s->pagemap, &all, 1) < 0 || all.resident != resident ||
	    all.exclusive != resident)
		return;
	know(c, COUNTER_PSS, resident);
	know(c, COUNTER_USS, resident);
}

/* Of pages that others map, too, it is unknown how many do. */
static void know_exclusive(const struct found *found, struct counters *c)
{
	know(c, COUNTER_USS, found->exclusive);
	c->bytes[COUNTER_PSS] = found->exclusive;
	if (found->exclusive == found->resident)
		know(c, COUNTER_PSS, found->resident);
}

/* Asked once, if anything looks at the memory. */
static bool is_monitored(struct scan *s, const struct mapping *m)
{
	const struct reading *r = &s->io->reading;

	if (s->monitored_known || mapping_has_inode(m) || !(r->signs || r->heaps))
		return s->monitored;
	s->monitored_known = true;
	s->monitored = userfault_is_held(s->dir);
	return s->monitored;
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct scan *s = ctx;
	struct mapping measured = *m;
	struct found found;

	if (measure(s, m->start, m->end, &found, e) < 0)
		return -1;
	if (m->perms[3] ==
	    's') /* a marker: page tables do not show swapped pages of shared memory */
		found.swapped = 0;
	s->resident += found.resident;
	count_swap(s, found.swapped);
	measured.counters = (struct counters){0};
	know(&measured.counters, COUNTER_SIZE, m->end - m->start);
	know(&measured.counters, COUNTER_RSS, found.resident);
	measured.counters.bytes[COUNTER_SWAP] = found.swapped;
	if (s->io->reading.exclusive_pages)
		know_exclusive(&found, &measured.counters);
	if (s->shares && found.resident > 0 && is_drivers(m))
		prove_exclusive(s, m, &measured.counters);
	measured.is_monitored = found.resident > 0 && is_monitored(s, m);
	return stage_take(s->next_stage, &measured, e);
}

struct scan *scan_new(struct io *io, const struct procdir *root)
{
	struct scan *s = calloc(1, sizeof(*s));
	struct slice meminfo;
	uint64_t bytes, free_bytes;

	if (!s)
		return NULL;
	s->io = io;
	meminfo = io_slurp(io, root, "meminfo");
	s->facts.no_swap = parse_meminfo(meminfo, SLICE("SwapTotal"), &bytes) &&
			   parse_meminfo(meminfo, SLICE("SwapFree"), &free_bytes) &&
			   bytes == free_bytes;
	s->huge_pages = !parse_meminfo(meminfo, SLICE("Hugetlb"), &bytes) || bytes > 0;
	s->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	s->top = (UINT64_C(1) << 56) - s->page_size;
	return s;
}

void scan_free(struct scan *s)
{
	free(s);
}

/* Processes with hugetlb pages are left to smaps, which knows which mappings have them. */
bool scan_suits(struct scan *s, const struct procdir *dir)
{
	uint64_t bytes;

	return !s->huge_pages ||
	       !parse_meminfo(io_slurp(s->io, dir, "status"), SLICE("HugetlbPages"), &bytes) ||
	       bytes == 0;
}

static bool prove_private(struct scan *s, const struct procdir *dir)
{
	struct counters *c = &s->facts.rollup;

	return io_rollup(s->io, dir, c) && counters_know(c, COUNTER_PSS_ANON) &&
	       counters_know(c, COUNTER_ANONYMOUS) &&
	       c->bytes[COUNTER_PSS_ANON] == c->bytes[COUNTER_ANONYMOUS];
}

struct stage scan_begin(struct scan *s, const struct procdir *dir, bool shares, struct stage next)
{
	uint64_t bound = s->io->reading.max_stall_ns;

	s->dir = dir;
	s->next_stage = next;
	s->pagemap = -1;
	exclusive_pages_begin(&s->exclusive, s->page_size);
	s->range = bound ? FIRST_RANGE : 0;
	s->max_pages = bound ? bound / PAGE_NS / 8 + 1 : 0;
	s->shares = shares;
	s->scanned = s->resident = s->swapped = 0;
	s->cannot_tell = s->monitored = s->monitored_known = false;
	s->count = s->next = 0;
	s->facts.private_anon = shares && prove_private(s, dir);
	s->io->sink->scan(s->io->sink->ctx, &s->facts);
	return (struct stage){take, s};
}

/* Whether the total found agrees with the kernel's count of swap. */
static bool is_swap(struct scan *s)
{
	uint64_t before = s->vm_swap, after = read_vm_swap(s);

	return (s->swapped >= before && s->swapped <= after) ||
	       (s->swapped >= after && s->swapped <= before);
}

bool scan_cannot_tell(const struct scan *s)
{
	return s->cannot_tell;
}

int scan_end(struct scan *s, int status, struct error *e)
{
	if (s->pagemap >= 0)
		close(s->pagemap);
	if (status == 0 && s->swapped > 0 && !is_swap(s)) {
		s->cannot_tell = true;
		return error_set(e, ERROR_TRUNCATED, "its page tables have more than swap");
	}
	if (status == 0 && s->facts.private_anon &&
	    s->resident != s->facts.rollup.bytes[COUNTER_RSS])
		return error_set(e, ERROR_TRUNCATED, "it changed while it was read");
	return status;
}
