/*
 * function: the functions that ask for most get heaps of their own (`--label function`).
 *
 * Each function's requests are added up, freed or not. A function that has asked for enough gets a
 * heap from then on; the more such heaps there are, the more it takes. The other functions stay in
 * the heap of their library. Takes no lock. Only for this folder.
 */
#ifndef HEAPS_FUNCTION_H
#define HEAPS_FUNCTION_H

#include <stddef.h>
#include <stdint.h>

enum { FUNCTION_LIMIT = 4096 }; /* the most functions that are counted */

/* The number of the function that begins at an address, in a library with that heap. FUNCTION_LIMIT
 * if there are too many. */
unsigned function_find(uintptr_t start, unsigned library);

/* The heap for a request of a function. `stays` says whether it will not change any more. */
struct function_answer {
	unsigned heap, stays;
};
struct function_answer function_ask(unsigned function, size_t size);

#endif
