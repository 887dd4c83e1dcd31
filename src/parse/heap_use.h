/*
 * heap_use: how much of a mapping a malloc has handed out, which smaps does not say.
 *
 * Stages of the source fill it in where it is asked for (source/heaps.h); otherwise, and of memory
 * that is not malloc's, it is all zero. Only pages that are resident or swapped count, so that
 * `used` and `free` together are no more than those.
 */
#ifndef PARSE_HEAP_USE_H
#define PARSE_HEAP_USE_H

#include <stdbool.h>
#include <stdint.h>

struct heap_use {
	bool known;	    /* of some of the memory, at least; */
	bool partial;	    /* there is more of a malloc's that could not be looked at */
	uint64_t used;	    /* bytes that the program has, with what malloc keeps its account in */
	uint64_t free;	    /* bytes that malloc keeps for it */
	uint64_t trimmable; /* bytes of that which malloc_trim(3) gives back: whole pages */
};

#endif
