/*
 * Reads single pages from pagemap. ioctl(PAGEMAP_SCAN) finds the few present pages of a large
 * mapping, and skips the zero page; without it (before Linux 6.7) every page is examined.
 *
 * Markers that userfaultfd(2) leaves for missing pages look like swapped pages: the write-protect
 * marker sets a bit, but so do protected pages that really are swapped; the poison marker sets
 * none. So pages with and without that bit are counted separately, and the swap in smaps for the
 * whole mapping decides.
 */
#include "source/pages.h"

#include "source/pagescan.h"
#include "source/pause.h"
#include "source/process_memory.h"

#include <errno.h>
#include <unistd.h>

enum {
	ENTRIES = 512,
	REGIONS = 128,
	SPARED = 1 << 15, /* pages that a call may find, for half a millisecond */
};

struct counting {
	int fd;
	uint64_t page_size;
	struct part *part; /* of the current page; pages ascend */
	bool exclusive;	   /* all that is present is mapped by this process alone */
	bool spares;	   /* the process shall not wait for long */
};

static void count_page(struct counting *c, uint64_t address, uint64_t entry)
{
	while (address >= c->part->end)
		c->part++;
	if (entry & PAGE_PRESENT) {
		c->part->resident += c->page_size;
		c->part->exclusive += entry & PAGE_EXCLUSIVE ? c->page_size : 0;
	} else if (entry & PAGE_SWAPPED && !(entry & PAGE_GUARD)) {
		c->part->swapped += c->page_size;
		c->part->protected += entry & PAGE_PROTECTED ? c->page_size : 0;
	}
}

static int count_run(struct counting *c, uint64_t start, uint64_t end)
{
	uint64_t entries[ENTRIES];

	while (start < end) {
		uint64_t wanted = (end - start) / c->page_size;
		ssize_t n = TEMP_FAILURE_RETRY(pread(
			c->fd, entries, (wanted < ENTRIES ? wanted : ENTRIES) * sizeof(*entries),
			(off_t)(start / c->page_size * sizeof(*entries))));

		if (c->spares)
			pause_for_others();
		if (n < (ssize_t)sizeof(*entries))
			return n < 0 ? -1 : 0;
		for (ssize_t i = 0; i < n / (ssize_t)sizeof(*entries); i++) {
			count_page(c, start, entries[i]);
			start += c->page_size;
		}
	}
	return 0;
}

static int count_region(struct counting *c, const struct page_region *region)
{
	uint64_t start = region->start, end;

	if (!c->exclusive)
		return count_run(c, start, region->end);
	for (; region->categories & PAGE_IS_PRESENT && start < region->end; start = end) {
		while (start >= c->part->end)
			c->part++;
		end = region->end < c->part->end ? region->end : c->part->end;
		c->part->resident += end - start;
		c->part->exclusive += end - start;
	}
	return 0;
}

static int count_pages(struct counting c, uint64_t start, uint64_t end)
{
	struct page_region regions[REGIONS];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uint64_t)(uintptr_t)regions,
		.vec_len = REGIONS,
		.max_pages = c.spares ? SPARED : 0,
	};

	while (arg.start < end) {
		int n = pagescan(c.fd, &arg);

		if (n < 0)
			return errno == ENOTTY ? count_run(&c, arg.start, end) : -1;
		for (int i = 0; i < n; i++) {
			if (count_region(&c, &regions[i]) < 0)
				return -1;
		}
		if (arg.walk_end <= arg.start)
			break;
		arg.start = arg.walk_end;
	}
	return 0;
}

static struct counting begin(int fd, struct part *parts)
{
	return (struct counting){
		.fd = fd, .page_size = (uint64_t)sysconf(_SC_PAGESIZE), .part = parts};
}

int pages_count(int fd, struct part *parts, size_t count)
{
	return count_pages(begin(fd, parts), parts[0].start, parts[count - 1].end);
}

int pages_count_sparing(int fd, struct part *parts, size_t count)
{
	struct counting c = begin(fd, parts);

	c.spares = true;
	return count_pages(c, parts[0].start, parts[count - 1].end);
}

int pages_count_exclusive(int fd, struct part *parts, size_t count)
{
	struct counting c = begin(fd, parts);

	c.exclusive = true;
	return count_pages(c, parts[0].start, parts[count - 1].end);
}

bool pages_settle_swap(struct part *parts, size_t count, uint64_t swap)
{
	uint64_t all = 0, plain = 0;
	size_t having = 0;

	for (size_t i = 0; i < count; i++) {
		all += parts[i].swapped;
		plain += parts[i].swapped - parts[i].protected;
		having += parts[i].swapped > 0;
	}
	for (size_t i = 0; i < count && all != swap; i++) {
		if (swap == 0)
			parts[i].swapped = 0;
		else if (plain == swap)
			parts[i].swapped -= parts[i].protected;
	}
	return all == swap || plain == swap || swap == 0 || having <= 1;
}
