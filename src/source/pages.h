/* pages: reads single pages from /proc/PID/pagemap; for src/source/ only. */
#ifndef SOURCE_PAGES_H
#define SOURCE_PAGES_H

#include "source/apportion.h"

/* Counts the pages of `parts`, which ascend without gaps, using the pagemap open at fd. 0, or -1
 * with errno. */
int pages_count(int fd, struct part *parts, size_t count);

/* The same in many short calls, between which whoever waits for the process's lock gets it. */
int pages_count_sparing(int fd, struct part *parts, size_t count);

/* The same of a mapping of which no page is shared or swapped: the kernel need not be asked about
 * each page. */
int pages_count_exclusive(int fd, struct part *parts, size_t count);

/* Subtracts markers from the swapped pages of `parts`, which have `swap` bytes of swap together.
 * False if it cannot be determined which pages are swapped. */
bool pages_settle_swap(struct part *parts, size_t count, uint64_t swap);

#endif
