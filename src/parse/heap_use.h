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
	bool known;	    /* known for some of the memory, at least */
	bool partial;	    /* more memory of malloc could not be examined */
	uint64_t used;	    /* bytes handed out, with the bookkeeping of malloc */
	uint64_t free;	    /* bytes that malloc holds free */
	uint64_t trimmable; /* part of it that malloc_trim(3) would return: whole pages */
};

#endif
