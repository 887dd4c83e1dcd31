/*
 * heap: the heaps of the process, one for each name of a library. They are made at the first use
 * and stay. A number says which: that is its owner in owner.h. Only for this folder.
 */
#ifndef HEAPS_HEAP_H
#define HEAPS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAP_MAX = 1024 }; /* numbers */

/* Starts the allocator. False if it cannot run here. */
bool heap_begin(void);

/* That with a name, which is copied: a new one if need be, and one that all share if there can be
 * no more. Signals wait meanwhile. */
unsigned heap_find(const char *name);

/* One more than the largest number, and of each its arena. */
unsigned heap_end(void);
extern uint16_t heap_arena[HEAP_MAX];

const char *heap_name(unsigned heap);

#endif
