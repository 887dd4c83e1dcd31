/*
 * chunks: how much glibc's malloc has handed out, from the headers of its chunks; for src/source/
 * only.
 *
 * A chunk begins with two words: the size of the previous chunk, if that is free, and its own size
 * with flags. The next chunk tells whether it is used. The last chunk of a heap, called top, is
 * free. So a heap is walked from start to end (glibc 2.26 to 2.42, 64 bits). Each number is
 * checked: the program may change them meanwhile, and may be hostile. A walk that breaks is
 * repeated once; what it then cannot reach is not counted.
 */
#ifndef SOURCE_CHUNKS_H
#define SOURCE_CHUNKS_H

#include "parse/heap_use.h"
#include "source/memory_window.h"

/* Reads left for a process at scattered addresses, which are expensive. */
struct chunk_looks {
	uint64_t probes; /* of pages, to find memory of malloc after other memory in a mapping */
	uint64_t links;	 /* of chunks in fastbins */
};

/* Each adds to *use what it finds in [start, end) of one mapping. */

/* The heap of the main thread, from brk(2). */
void chunks_of_heap(struct memory_window *w, uint64_t start, uint64_t end,
		    struct chunk_looks *looks, struct heap_use *use);

/* Memory from mmap(2): heaps of other arenas, and mmapped chunks. */
void chunks_of_maps(struct memory_window *w, uint64_t start, uint64_t end,
		    struct chunk_looks *looks, struct heap_use *use);

#endif
