/*
 * heap: the heaps of the process, one for each name of a library. They are made at first use and
 * stay. The number of a heap is its owner in owner.h. Only for this folder.
 */
#ifndef HEAPS_HEAP_H
#define HEAPS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAP_MAX = 1024 }; /* numbers of heaps */

/* Starts the allocator. False if it cannot run here. */
bool heap_begin(void);

/* The heap with a name, which is copied. Makes a new heap if needed; if there can be no more, the
 * answer is the heap that all share. Blocks signals meanwhile. */
unsigned heap_find(const char *name);

/* One more than the largest number, and the arena of a heap. */
unsigned heap_end(void);
extern uint16_t heap_arena[HEAP_MAX];

const char *heap_name(unsigned heap);

#endif
