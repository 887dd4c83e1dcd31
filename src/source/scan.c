#include "source/scan.h"

#include "parse/process.h"
#include "source/pagescan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/*
 * One call holds the lock of the process while it walks page tables. With a bound on that, each
 * call is given as many addresses and pages as the calls before have shown to fit.
 */

enum {
	REGIONS = 512,
	FIRST_RANGE =
		1 << 28, /* addresses of the first call under a bound: cheap, whatever is there */
	LEAST_BOUND_NS =
		50000, /* smaller calls are mostly entry and exit, and there is no end of them */
	PAGE_NS = 15,  /* what a page costs in a call, more or less */
};

struct scan {
	const struct procdir *dir;
	int pagemap; /* -1 until it is needed */
	uint64_t page_size;
	uint64_t top;	    /* end of the addresses that may be asked for */
	uint64_t range;	    /* addresses that one call may cover; 0 for all */
	uint64_t max_pages; /* that one call may find; 0 for any number */
	uint64_t scanned;   /* addresses below this are done with */
	struct page_region regions[REGIONS];
	size_t count, next;

	struct io *io;
	struct stage next_stage;
	struct scan_facts facts;
	uint64_t resident; /* bytes in all mappings so far */
	bool huge_pages;   /* the system has hugetlb pages, which are in no RSS but are scanned */
};

/* The next call may do more if the last one was quick, and must do less if it was slow. */
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

/* A call right after another takes the lock before a writer that waits for it wakes up, several
 * milliseconds long; a moment's sleep lets it through. */
static void let_others_in(void)
{
	const struct timespec moment = {.tv_nsec = 1000};

	nanosleep(&moment, NULL);
}

/* Asks for the regions from an address on, at least up to `end`. */
static int fetch(struct scan *s, uint64_t from, uint64_t end, struct error *e)
{
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = from,
		.vec = (uint64_t)(uintptr_t)s->regions,
		.vec_len = REGIONS,
		.max_pages = s->max_pages,
		.category_inverted = PAGE_IS_PFNZERO,
		.category_mask = PAGE_IS_PFNZERO,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
	};
	uint64_t begun, ns;
	int n;

	for (;;) {
		arg.end = s->range && s->range < s->top - from ? from + s->range : s->top;
		if (arg.end < end && s->range == 0)
			arg.end = end;
		begun = io_start(s->io);
		n = ioctl(s->pagemap, PAGEMAP_SCAN, &arg);
		ns = io_stop(s->io, begun, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n >= 0 || errno != EFAULT || s->top <= end)
			break;
		s->top = (s->top + s->page_size) / 2 - s->page_size; /* user space ends lower */
	}
	if (n < 0)
		return error_errno(e, "cannot scan its pages");
	adapt(s, ns);
	if (s->io->reading.max_stall_ns)
		let_others_in();
	s->next = 0;
	s->count = (size_t)n;
	s->scanned = arg.walk_end > from ? arg.walk_end : arg.end;
	return 0;
}

/* Not before the first mapping: kernel threads have none, and no pagemap. */
static int open_pagemap(struct scan *s, struct error *e)
{
	s->pagemap = procdir_open(s->dir, "pagemap");
	if (s->pagemap < 0)
		return error_errno(e, "cannot open its pagemap");
	return 0;
}

/* The resident and the swapped bytes of a range; ranges come in ascending order. */
static int measure(struct scan *s, uint64_t start, uint64_t end, uint64_t *resident,
		   uint64_t *swapped, struct error *e)
{
	*resident = *swapped = 0;
	if (start >= s->top) /* [vsyscall] is the kernel's */
		return 0;
	if (s->pagemap < 0 && open_pagemap(s, e) < 0)
		return -1;
	for (;;) {
		for (; s->next < s->count; s->next++) {
			const struct page_region *r = &s->regions[s->next];
			uint64_t from = r->start > start ? r->start : start;
			uint64_t to = r->end < end ? r->end : end;

			if (r->start >= end)
				return 0;
			if (from < to)
				*(r->categories & PAGE_IS_SWAPPED ? swapped : resident) +=
					to - from;
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

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct scan *s = ctx;
	struct mapping measured = *m;
	uint64_t resident, swapped;

	if (measure(s, m->start, m->end, &resident, &swapped, e) < 0)
		return -1;
	s->resident += resident;
	measured.counters = (struct counters){0};
	know(&measured.counters, COUNTER_SIZE, m->end - m->start);
	know(&measured.counters, COUNTER_RSS, resident);
	measured.counters.bytes[COUNTER_SWAP] = swapped;
	return stage_take(s->next_stage, &measured, e);
}

struct scan *scan_new(struct io *io, const struct procdir *root)
{
	struct scan *s = calloc(1, sizeof(*s));
	struct slice meminfo;
	uint64_t bytes;

	if (!s)
		return NULL;
	s->io = io;
	meminfo = io_slurp(io, root, "meminfo");
	s->facts.no_swap = parse_meminfo(meminfo, SLICE("SwapTotal"), &bytes) && bytes == 0;
	s->huge_pages = !parse_meminfo(meminfo, SLICE("Hugetlb"), &bytes) || bytes > 0;
	s->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	s->top = (UINT64_C(1) << 56) - s->page_size;
	return s;
}

void scan_free(struct scan *s)
{
	free(s);
}

/* A process with hugetlb pages is left to smaps, which knows which mappings have them. */
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
	s->range = bound ? FIRST_RANGE : 0;
	s->max_pages = bound ? bound / PAGE_NS / 8 + 1 : 0;
	s->scanned = s->resident = 0;
	s->count = s->next = 0;
	s->facts.private_anon = shares && prove_private(s, dir);
	s->io->sink->scan(s->io->sink->ctx, &s->facts);
	return (struct stage){take, s};
}

int scan_end(struct scan *s, int status, struct error *e)
{
	if (s->pagemap >= 0)
		close(s->pagemap);
	if (status == 0 && s->facts.private_anon &&
	    s->resident != s->facts.rollup.bytes[COUNTER_RSS])
		return error_set(e, ERROR_TRUNCATED, "it changed while it was read");
	return status;
}
