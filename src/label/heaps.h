/*
 * heaps: the figures of each heap of a process, as laid out in its memory (`anonmem run --heaps`).
 *
 * A process has one table, in a private mapping of a memfd with a well-known name, like the table
 * of names (label/layout.h). A heap is all memory with its name. Its figures are those of the last
 * refresh, which takes place now and then while memory is allocated. `changes` is odd during a
 * refresh. The pages in use are counted all the time: the difference to those at the last refresh
 * was handed out or freed since.
 */
#ifndef LABEL_HEAPS_H
#define LABEL_HEAPS_H

#include "anonmem/anonmem.h"

#include <stdint.h>

#define HEAPS_MEMFD "anonmem-heaps"
#define HEAPS_SHOWN "/memfd:" HEAPS_MEMFD " (deleted)" /* in maps */
#define HEAPS_MAGIC UINT64_C(0x3170616568616e61)       /* "anaheap1" */

enum { HEAPS_LIMIT = 1024, HEAPS_PAGE = 4096 };

struct heaps_head {
	uint64_t magic;
	uint64_t size; /* size of struct heaps_table */
	uint32_t changes;
	uint32_t count;
	uint64_t refreshed; /* ns of CLOCK_MONOTONIC */
	uint64_t unused[12];
};

struct heaps_entry {
	char name[ANONMEM_NAME_MAX + 1];
	uint64_t used;	    /* bytes handed out */
	uint64_t pages;	    /* in use at that time, of HEAPS_PAGE bytes */
	uint64_t pages_now; /* address of the count of pages in use now; 0 if unknown */
	uint64_t unused[3];
};

/* No entry crosses a page boundary. */
_Static_assert(sizeof(struct heaps_head) == 128, "the head is an entry long");
_Static_assert(sizeof(struct heaps_entry) == 128, "a page has a whole number of entries");

struct heaps_table {
	struct heaps_head head;
	struct heaps_entry entries[HEAPS_LIMIT];
};

#endif
