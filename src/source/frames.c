#include "source/frames.h"

#include "source/pagescan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTRIES = 512, REGIONS = 128 };

#define ENTRY_PLACE	((UINT64_C(1) << 55) - 1) /* frame number, or type and offset of swap */
#define ENTRY_EXCLUSIVE (UINT64_C(1) << 56)
#define ENTRY_FILE	(UINT64_C(1) << 61)
#define ENTRY_SWAPPED	(UINT64_C(1) << 62)
#define ENTRY_PRESENT	(UINT64_C(1) << 63)

/* Swap types from here on may be markers rather than swap: migration, guards, poisoned pages. */
enum { SWAP_TYPE_MASK = 31, SWAP_TYPES = 23 };

struct frames {
	struct io *io;
	const struct procdir *dir;
	struct stage next;
	int pagemap; /* -1 until needed */
	uint64_t page_size;
	struct page_list pages;
	uint64_t alone; /* bytes, of the current mapping */
};

static bool add(struct page_list *list, uint64_t id)
{
	enum { FIRST = 1024 };

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : FIRST;
		uint64_t *larger = reallocarray(list->ids, capacity, sizeof(*larger));

		if (!larger)
			return false;
		list->ids = larger;
		list->capacity = capacity;
	}
	list->ids[list->count++] = id;
	return true;
}

static bool take_entry(struct frames *f, uint64_t entry)
{
	if (entry & ENTRY_PRESENT) {
		if (entry & ENTRY_FILE)
			return true;
		if (!(entry & ENTRY_EXCLUSIVE))
			return add(&f->pages, entry & ENTRY_PLACE);
		f->alone += f->page_size;
	} else if (entry & ENTRY_SWAPPED && (entry & SWAP_TYPE_MASK) < SWAP_TYPES) {
		return add(&f->pages, (entry & ENTRY_PLACE) | PAGE_ID_SWAPPED);
	}
	return true;
}

/* 0, or -1 with errno, as for the other functions that look at pages. */
static int look_at_all(struct frames *f, uint64_t start, uint64_t end)
{
	uint64_t entries[ENTRIES];

	while (start < end) {
		uint64_t wanted = (end - start) / f->page_size, begun = io_start(f->io);
		ssize_t n = TEMP_FAILURE_RETRY(
			pread(f->pagemap, entries,
			      (wanted < ENTRIES ? wanted : ENTRIES) * sizeof(*entries),
			      (off_t)(start / f->page_size * sizeof(*entries))));

		io_stop(f->io, begun, 0);
		if (n < (ssize_t)sizeof(*entries))
			return n < 0 ? -1 : 0;
		for (ssize_t i = 0; i < n / (ssize_t)sizeof(*entries); i++) {
			if (!take_entry(f, entries[i]))
				return -1;
			start += f->page_size;
		}
	}
	return 0;
}

/* Asks only for the present pages of a large mapping, which may be mostly empty. */
static int look_at_present(struct frames *f, uint64_t start, uint64_t end)
{
	struct page_region regions[REGIONS];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uint64_t)(uintptr_t)regions,
		.vec_len = REGIONS,
		.category_inverted = PAGE_IS_PFNZERO | PAGE_IS_FILE,
		.category_mask = PAGE_IS_PFNZERO | PAGE_IS_FILE,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT,
	};

	while (arg.start < end) {
		uint64_t begun = io_start(f->io);
		int n = (int)TEMP_FAILURE_RETRY(ioctl(f->pagemap, PAGEMAP_SCAN, &arg));

		io_stop(f->io, begun, 0);
		if (n < 0)
			return errno == ENOTTY ? look_at_all(f, arg.start, end) : -1;
		for (int i = 0; i < n; i++) {
			if (look_at_all(f, regions[i].start, regions[i].end) < 0)
				return -1;
		}
		if (arg.walk_end <= arg.start)
			break;
		arg.start = arg.walk_end;
	}
	return 0;
}

/* Whether the mapping has private pages, resident or swapped, that other processes may map too. */
static bool may_share(const struct mapping *m)
{
	static const enum counter needed[] = {COUNTER_ANONYMOUS, COUNTER_SHARED_CLEAN,
					      COUNTER_SHARED_DIRTY, COUNTER_SWAP, COUNTER_SWAP_PSS};
	const uint64_t *bytes = m->counters.bytes;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (!counters_know(&m->counters, needed[i]))
			return false;
	}
	return m->perms[3] == 'p' &&
	       ((bytes[COUNTER_ANONYMOUS] > 0 &&
		 bytes[COUNTER_SHARED_CLEAN] + bytes[COUNTER_SHARED_DIRTY] > 0) ||
		bytes[COUNTER_SWAP] != bytes[COUNTER_SWAP_PSS]);
}

static int look_at(struct frames *f, const struct mapping *m)
{
	f->alone = 0;
	if (f->pagemap < 0)
		f->pagemap = io_open(f->io, f->dir, "pagemap");
	if (f->pagemap < 0)
		return -1;
	return (m->end - m->start) / f->page_size <= ENTRIES ? look_at_all(f, m->start, m->end)
							     : look_at_present(f, m->start, m->end);
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct frames *f = ctx;
	struct mapping seen = *m;
	size_t first = f->pages.count;

	if (!may_share(m))
		return stage_take(f->next, m, e);
	if (look_at(f, m) < 0) {
		if (errno == ENOMEM)
			return error_memory(e);
		f->pages.count = first;
		return stage_take(f->next, m, e);
	}
	seen.ownership.pages = &f->pages;
	seen.ownership.first = first;
	seen.ownership.count = f->pages.count - first;
	seen.ownership.alone = f->alone;
	return stage_take(f->next, &seen, e);
}

struct frames *frames_new(struct io *io)
{
	struct frames *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->io = io;
	f->pagemap = -1;
	f->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	return f;
}

void frames_free(struct frames *f)
{
	if (f)
		free(f->pages.ids);
	free(f);
}

struct stage frames_begin(struct frames *f, const struct procdir *dir, struct stage next)
{
	f->dir = dir;
	f->next = next;
	f->pages.count = 0;
	return (struct stage){take, f};
}

void frames_end(struct frames *f)
{
	if (f->pagemap >= 0)
		close(f->pagemap);
	f->pagemap = -1;
}
