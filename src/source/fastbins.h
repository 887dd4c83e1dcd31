/*
 * fastbins: free chunks that glibc's malloc keeps in lists by size and marks as used; for
 * src/source/ only.
 *
 * The lists begin in the state of an arena. That of the main arena is in the data of the C library,
 * or of a static program, and is recognized by its empty bins, which point to themselves.
 */
#ifndef SOURCE_FASTBINS_H
#define SOURCE_FASTBINS_H

#include "source/memory_window.h"

/* Present bytes in [start, end) of the chunks in the lists at an address. Stops at an invalid
 * chunk, and after *links chunks, from which it subtracts those it read. */
uint64_t fastbins_count(struct memory_window *w, uint64_t lists, uint64_t start, uint64_t end,
			uint64_t *links);

/* Finds the lists of the main arena, whose heap lies in [start, end); 0 if they are not found. */
uint64_t fastbins_of_main(struct memory_window *w, uint64_t start, uint64_t end);

#endif
