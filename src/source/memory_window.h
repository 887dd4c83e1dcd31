/*
 * memory_window: the memory of a process through a window that moves upwards: which pages are
 *there, and small records in those that are resident; for src/source/ only.
 *
 *	window_begin(w, memory)		a process: so much time and so many bytes for all of it
 *	window_page(w, at)		whether a page is there
 *	window_count(w, start, end)	how much of a range is
 *	window_read(w, at, to, size)	a record
 *	window_forget(w)		what was seen may have changed
 *
 * A page that is not resident is never read: nothing is swapped in or allocated, and nothing waits
 * for whoever handles its faults (userfaultfd(2)). If a page goes away between the look at it and
 * the reading, the kernel refuses to read it for us rather than wait.
 */
#ifndef SOURCE_MEMORY_WINDOW_H
#define SOURCE_MEMORY_WINDOW_H

#include "source/pagescan.h"
#include "source/process_memory.h"

enum { WINDOW_PAGES = 512, WINDOW_BYTES = 1 << 16 };

enum page_state { STATE_ABSENT, STATE_RESIDENT, STATE_SWAPPED };

enum window_status {
	WINDOW_DONE,
	WINDOW_ABSENT,	/* there is no page, */
	WINDOW_SWAPPED, /* it is swapped out, */
	WINDOW_SPENT,	/* or there was no time, or no right, to look */
};

struct memory_window {
	struct process_memory *memory;
	uint64_t page_size;
	unsigned page_bits; /* page_size is 1 << page_bits */
	uint64_t deadline_ns, bytes_left;
	bool spent;
	/* Pages that were looked at: */
	uint64_t first; /* number of the first page */
	size_t page_count;
	uint8_t states[WINDOW_PAGES];
	struct page_region regions[WINDOW_PAGES]; /* of PAGEMAP_SCAN */
	/* Bytes that were read: */
	uint64_t at;
	size_t size;
	size_t stride; /* pages to read at once, more while readings follow each other */
	char bytes[WINDOW_BYTES];
};

void window_begin(struct memory_window *w, struct process_memory *memory);
void window_forget(struct memory_window *w);

/* STATE_ABSENT too if it cannot be found out, which `spent` says. */
enum page_state window_page(struct memory_window *w, uint64_t at);

/* The first page from one on that is resident; `end` if there is none. */
uint64_t window_next(struct memory_window *w, uint64_t page, uint64_t end);

/* Bytes in pages that are resident or swapped, neither guards nor the page of zeros as far as the
 * kernel tells. */
uint64_t window_count(struct memory_window *w, uint64_t start, uint64_t end);

/* A record that lies in one page. */
enum window_status window_read(struct memory_window *w, uint64_t at, void *to, size_t size);

#endif
