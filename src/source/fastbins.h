/*
 * fastbins: free chunks that glibc's malloc keeps in lists of one size, and marks as
 * used; for src/source/ only.
 *
 * The lists begin in the state of an arena. That of the main arena lies in the data of the C
 * library, or of a static program, and is known by its empty bins, which point to themselves.
 */
#ifndef SOURCE_FASTBINS_H
#define SOURCE_FASTBINS_H

#include "source/memory_window.h"

/* Bytes that are there, in [start, end), of the chunks in the lists at an address. Stops at the
 * first that makes no sense, and after *links chunks, of which it takes off those that it saw. */
uint64_t fastbins_count(struct memory_window *w, uint64_t lists, uint64_t start, uint64_t end,
			uint64_t *links);

/* Finds the lists of the main arena, whose heap lies in [start, end); 0 if they are not found. */
uint64_t fastbins_of_main(struct memory_window *w, uint64_t start, uint64_t end);

#endif
