/*
 * function: the functions that ask for most have heaps of their own (`--label function`).
 *
 * Each function's requests are added up, freed or not. Whoever has asked for enough gets a heap
 * from then on; the more heaps there are, the more is enough. The others stay with the heap of
 * their library. Takes no lock. Only for this folder.
 */
#ifndef HEAPS_FUNCTION_H
#define HEAPS_FUNCTION_H

#include <stddef.h>
#include <stdint.h>

enum { FUNCTION_LIMIT = 4096 }; /* functions that are counted */

/* The number of the function that begins at an address, in a library with that heap.
 * FUNCTION_LIMIT if there are too many. */
unsigned function_find(uintptr_t start, unsigned library);

/* The heap for a request of a function. It stays the same from then on if `stays` says so. */
struct function_answer {
	unsigned heap, stays;
};
struct function_answer function_ask(unsigned function, size_t size);

#endif
