/* published: what each heap has handed out and keeps free, in a table that others read
 * (label/heaps.h). Only for this folder. */
#ifndef HEAPS_PUBLISHED_H
#define HEAPS_PUBLISHED_H

#include <stddef.h>

/* Over all heaps, in bytes. */
struct published_sum {
	size_t used, free;
};

/* Makes the table. Where that is not possible, all else works without. */
void published_begin(void);

/* Brings it up to date if that was not done lately. Not to be called by what the allocator calls.
 */
void published_refresh(void);

/* The same at once. */
struct published_sum published_measure(void);

/* In a child, where nobody else is at it any more. */
void published_after_fork(void);

#endif
