/*
 * published_heaps: how much of each heap a process says it has handed out (label/heaps.h), given to
 * its mappings; for src/source/ only.
 *
 *	h = published_heaps_new()
 *	published_heaps_begin(h, memory, next)	before each reading of a process: the stage for its
 *						mappings, behind the one that names them
 *	published_heaps_free(h)
 *
 * The process may be hostile: the worst that it can do is to be wrong about its own memory. Of each
 * mapping no more counts as handed out than is resident or swapped.
 */
#ifndef SOURCE_PUBLISHED_HEAPS_H
#define SOURCE_PUBLISHED_HEAPS_H

#include "source/process_memory.h"

struct published_heaps;

/* NULL if out of memory. */
struct published_heaps *published_heaps_new(void);
void published_heaps_free(struct published_heaps *h);

struct stage published_heaps_begin(struct published_heaps *h, struct process_memory *memory,
				   struct stage next);

#endif
