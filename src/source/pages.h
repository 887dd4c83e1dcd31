/* pages: what /proc/PID/pagemap says of single pages; for src/source/ only. */
#ifndef SOURCE_PAGES_H
#define SOURCE_PAGES_H

#include "source/apportion.h"

/* Counts the pages of parts, which ascend without gaps, by the pagemap open at fd. 0, or -1 with
 * errno. */
int pages_count(int fd, struct part *parts, size_t count);

#endif
