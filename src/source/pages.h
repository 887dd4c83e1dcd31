/* pages: what /proc/PID/pagemap says of single pages; for src/source/ only. */
#ifndef SOURCE_PAGES_H
#define SOURCE_PAGES_H

#include "source/apportion.h"

/* Counts the pages of parts, which ascend without gaps, by the pagemap open at fd. 0, or -1 with
 * errno. */
int pages_count(int fd, struct part *parts, size_t count);

/* Takes what is only a mark off the swapped pages of parts, which are `swap` bytes together. False
 * if it cannot be told which of them are swapped. */
bool pages_settle_swap(struct part *parts, size_t count, uint64_t swap);

#endif
