/*
 * chunks: what glibc's malloc keeps in its memory, read from the headers of its chunks; for
 * src/source/ only.
 *
 * A chunk begins with two words: the size of the one before, if that is free, and its own size with
 * flags. Whether it is used says the next chunk. The last chunk of a heap, called top, is free. So
 * a heap is walked from its begin to its end (glibc 2.26 to 2.42, 64 bits). Each number is checked:
 * the program may change all of them meanwhile, and may be hostile. What breaks off is walked
 * again; what still does is not counted.
 */
#ifndef SOURCE_CHUNKS_H
#define SOURCE_CHUNKS_H

#include "parse/heap_use.h"
#include "source/memory_window.h"

/* What there is left for a process of looks here and there, which cost more than others. */
struct chunk_looks {
	uint64_t probes; /* at pages, for memory of malloc behind other memory in a mapping */
	uint64_t links;	 /* at chunks of fastbins */
};

/* Each adds to *use what it finds in [start, end) of one mapping. */

/* The heap of the main thread, from brk(2). */
void chunks_of_heap(struct memory_window *w, uint64_t start, uint64_t end,
		    struct chunk_looks *looks, struct heap_use *use);

/* Memory from mmap(2): heaps of other arenas, and chunks by themselves. */
void chunks_of_maps(struct memory_window *w, uint64_t start, uint64_t end,
		    struct chunk_looks *looks, struct heap_use *use);

#endif
