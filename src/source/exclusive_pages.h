/*
 * exclusive_pages: which present pages no other process maps, by /proc/PID/pagemap; for src/source/
 * only.
 *
 * The kernel takes the process's lock for each 2 MiB anew, so a reading does not block a process
 * for long, however large it is.
 */
#ifndef SOURCE_EXCLUSIVE_PAGES_H
#define SOURCE_EXCLUSIVE_PAGES_H

#include <stdint.h>

enum { EXCLUSIVE_WINDOW = 512 /* pages that are read at once */ };

struct exclusive_pages {
	uint64_t page_size;
	uint64_t start, end; /* addresses that the entries are of */
	uint64_t entries[EXCLUSIVE_WINDOW];
};

void exclusive_pages_begin(struct exclusive_pages *x, uint64_t page_size);

/* Adds the bytes of such pages from `start` to `end`; calls with ascending addresses cost least.
 * 0, or -1 with errno. */
int exclusive_pages_count(struct exclusive_pages *x, int pagemap, uint64_t start, uint64_t end,
			  uint64_t *bytes);

#endif
