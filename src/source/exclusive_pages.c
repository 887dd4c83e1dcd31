#include "source/exclusive_pages.h"

#include "source/pause.h"
#include "source/process_memory.h"

#include <errno.h>
#include <unistd.h>

void exclusive_pages_begin(struct exclusive_pages *x, uint64_t page_size)
{
	x->page_size = page_size;
	x->start = x->end = 0;
}

/* Reads the entries around an address. False, with errno, if there are none. */
static bool load(struct exclusive_pages *x, int pagemap, uint64_t address)
{
	uint64_t size = EXCLUSIVE_WINDOW * x->page_size, start = address - address % size;
	ssize_t n = TEMP_FAILURE_RETRY(pread(pagemap, x->entries, sizeof(x->entries),
					     (off_t)(start / x->page_size * sizeof(*x->entries))));

	pause_for_others();
	x->start = start;
	x->end = n > 0 ? start + (uint64_t)n / sizeof(*x->entries) * x->page_size : start;
	if (n == 0)
		errno = EIO;
	return address < x->end;
}

int exclusive_pages_count(struct exclusive_pages *x, int pagemap, uint64_t start, uint64_t end,
			  uint64_t *bytes)
{
	for (uint64_t at = start; at < end; at += x->page_size) {
		uint64_t entry;

		if ((at < x->start || at >= x->end) && !load(x, pagemap, at))
			return -1;
		entry = x->entries[(at - x->start) / x->page_size];
		if (entry & PAGE_PRESENT && entry & PAGE_EXCLUSIVE)
			*bytes += x->page_size;
	}
	return 0;
}
