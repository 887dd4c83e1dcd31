/*
 * A process without its smaps: the ranges in the text of maps, and which of their pages are there
 * from ioctl(PAGEMAP_SCAN) on its pagemap (Linux 6.7).
 *
 * That gives RSS, and SWAP of what is not shared memory. How pages are shared it does not say.
 * Where smaps_rollup has Pss_Anon equal to Anonymous, no anonymous page of the process is shared,
 * so PSS and USS of its anonymous mappings are their RSS, and what is left of the rollup's belongs
 * to its files. Where that is not so they stay unknown.
 *
 * One call holds the lock of the process while it walks page tables. With a bound on that, each
 * call is given so many addresses and pages as the calls before have shown to fit.
 */
#include "classify/class.h"
#include "parse/process.h"
#include "source/internal.h"
#include "source/pagescan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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

	bool no_swap;	 /* the system has none */
	bool huge_pages; /* it has memory in hugetlb pages, which are in no RSS but are scanned */

	struct reader *reader;
	bool private_anon; /* no anonymous page of the process is shared */
	bool shared_seen;  /* it has resident shared memory */
	struct counters rollup, anon, all;
	uint64_t mappings;
};

/* The next call may do more if the last one was quick, and must do less if it was slow. */
static void adapt(struct scan *s, uint64_t ns)
{
	uint64_t bound = s->reader->how.max_stall_ns;

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
		begun = reader_clock_start(s->reader);
		n = ioctl(s->pagemap, PAGEMAP_SCAN, &arg);
		ns = reader_clock_stop(s->reader, begun, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n >= 0 || errno != EFAULT || s->top <= end)
			break;
		s->top = (s->top + s->page_size) / 2 - s->page_size; /* user space ends lower */
	}
	if (n < 0)
		return error_errno(e, "its pages cannot be scanned");
	adapt(s, ns);
	if (s->reader->how.max_stall_ns)
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
		return error_errno(e, "its pagemap cannot be opened");
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

/* Nothing swapped is nothing shared among the swapped. */
static void know_swap(struct counters *c, uint64_t bytes)
{
	know(c, COUNTER_SWAP, bytes);
	if (bytes == 0)
		know(c, COUNTER_SWAP_PSS, 0);
}

static void know_shares(struct counters *c, uint64_t bytes)
{
	know(c, COUNTER_PSS, bytes);
	know(c, COUNTER_USS, bytes);
}

/* What follows from the pages of a mapping, by its kind. */
static void conclude(struct scan *s, const struct mapping *m, uint64_t resident, uint64_t swapped,
		     struct counters *c)
{
	struct class class;

	classify(m, &class);
	*c = (struct counters){0};
	know(c, COUNTER_SIZE, m->end - m->start);
	know(c, COUNTER_RSS, resident);
	switch (class.kind) {
	case KIND_ANON:
		know(c, COUNTER_ANONYMOUS, resident);
		know_swap(c, swapped);
		if (s->private_anon)
			know_shares(c, resident);
		counters_add(&s->anon, c);
		break;
	case KIND_SPECIAL: /* pages of the kernel's, the same in every process */
		know(c, COUNTER_ANONYMOUS, 0);
		know_swap(c, 0);
		know_shares(c, 0);
		break;
	case KIND_FILE:
		/* What is swapped of a file in memory is not in the page tables; only a file system
		 * with a real device is surely none. */
		if (m->dev_major != 0 || s->no_swap)
			know_swap(c, swapped);
		if (m->perms[3] == 's')
			know(c, COUNTER_ANONYMOUS, 0);
		break;
	case KIND_SHMEM:
	case KIND_COUNT:
		if (s->no_swap)
			know_swap(c, 0);
		if (m->perms[3] == 's' || resident == 0)
			know(c, COUNTER_ANONYMOUS, 0);
		if (resident == 0)
			know_shares(c, 0);
		s->shared_seen |= resident > 0;
		break;
	}
	counters_add(&s->all, c);
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct scan *s = ctx;
	struct mapping measured = *m;
	uint64_t resident, swapped;

	if (measure(s, m->start, m->end, &resident, &swapped, e) < 0)
		return -1;
	conclude(s, m, resident, swapped, &measured.counters);
	s->mappings++;
	return reader_deliver(s->reader, &measured, e);
}

/* What the rollup has beyond the anonymous mappings: the files', if nothing else is there. */
static void tell_rest(struct scan *s)
{
	static const enum counter told[] = {COUNTER_PSS, COUNTER_USS, COUNTER_ANONYMOUS};
	struct counters rest = {0};

	if (!s->private_anon || s->shared_seen)
		return;
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		enum counter c = told[i];

		if (counters_know(&s->rollup, c) && s->rollup.bytes[c] >= s->anon.bytes[c])
			know(&rest, c, s->rollup.bytes[c] - s->anon.bytes[c]);
	}
	s->reader->sink->rest(s->reader->sink->ctx, &rest);
}

/* Ready for another process. */
static void reset(struct scan *s, const struct procdir *dir)
{
	uint64_t bound = s->reader->how.max_stall_ns;

	s->dir = dir;
	s->pagemap = -1;
	s->range = bound ? FIRST_RANGE : 0;
	s->max_pages = bound ? bound / PAGE_NS / 8 + 1 : 0;
	s->scanned = 0;
	s->count = s->next = 0;
	s->private_anon = s->shared_seen = false;
	s->mappings = 0;
	counters_zero(&s->anon);
	counters_zero(&s->all);
}

static struct scan *scan_new(struct reader *r)
{
	const struct procdir root = {r->source->root_fd, ""};
	struct scan *s = calloc(1, sizeof(*s));
	struct slice meminfo;
	uint64_t bytes;

	if (!s)
		return NULL;
	meminfo = reader_slurp_file(r, &root, "meminfo");
	s->no_swap = parse_meminfo(meminfo, SLICE("SwapTotal"), &bytes) && bytes == 0;
	s->huge_pages = !parse_meminfo(meminfo, SLICE("Hugetlb"), &bytes) || bytes > 0;
	s->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	s->top = (UINT64_C(1) << 56) - s->page_size;
	return s;
}

/* A process with hugetlb pages is left to smaps, which knows which mappings have them. */
static bool has_huge_pages(struct scan *s, const struct procdir *dir)
{
	uint64_t bytes;

	return s->huge_pages &&
	       parse_meminfo(reader_slurp_file(s->reader, dir, "status"), SLICE("HugetlbPages"),
			     &bytes) &&
	       bytes > 0;
}

static bool prove_private(struct scan *s, const struct procdir *dir)
{
	const struct counters *c = &s->rollup;

	return reader_rollup(s->reader, dir, &s->rollup) && counters_know(c, COUNTER_PSS_ANON) &&
	       counters_know(c, COUNTER_ANONYMOUS) &&
	       c->bytes[COUNTER_PSS_ANON] == c->bytes[COUNTER_ANONYMOUS];
}

bool scan_suits(struct reader *r, const struct procdir *dir)
{
	if (!r->scan)
		r->scan = scan_new(r);
	if (!r->scan)
		return false;
	r->scan->reader = r;
	return !has_huge_pages(r->scan, dir);
}

int scan_read(struct reader *r, const struct procdir *dir, int fd, bool shares, uint64_t *mappings,
	      struct error *e)
{
	struct scan *s = r->scan;
	int status;

	reset(s, dir);
	s->private_anon = shares && prove_private(s, dir);
	if (kept_names_begin(r, dir, on_mapping, s, e) < 0)
		return -1;
	status = reader_drain(r, fd, SMAPS_HEADERS, e);
	if (s->pagemap >= 0)
		close(s->pagemap);
	*mappings = s->mappings;
	if (status == 0 && s->private_anon &&
	    s->all.bytes[COUNTER_RSS] != s->rollup.bytes[COUNTER_RSS])
		return error_set(e, ERROR_TRUNCATED, "it changed while it was read");
	if (status == 0)
		tell_rest(s);
	return status;
}
