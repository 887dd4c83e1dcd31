/*
 * heaps: how much malloc has handed out of a mapping, for glibc's (chunks.h); for src/source/ only.
 *
 *	h = heaps_new()
 *	heaps_begin(h, memory, next)	before each reading of a process: the stage for its mappings
 *	heaps_free(h)
 *
 * What an allocator has said of its memory itself stays as it is.
 */
#ifndef SOURCE_HEAPS_H
#define SOURCE_HEAPS_H

#include "source/process_memory.h"

struct heaps;

/* NULL if out of memory. */
struct heaps *heaps_new(void);
void heaps_free(struct heaps *h);

struct stage heaps_begin(struct heaps *h, struct process_memory *memory, struct stage next);

#endif
