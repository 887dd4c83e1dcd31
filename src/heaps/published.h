/* published: what each heap has handed out and keeps free, in a table that anonmem reads
 * (label/heaps.h). Only for this folder. */
#ifndef HEAPS_PUBLISHED_H
#define HEAPS_PUBLISHED_H

#include <stddef.h>

/* Of all heaps together, in bytes. */
struct published_sum {
	size_t used, free;
};

/* Makes the table. If that is impossible, everything else works without it. */
void published_begin(void);

/* Updates the table if that was not done too often, after the thread was given and has freed so
 * many bytes. Returns after how many more to call this again. Must not be called by functions that
 * the allocator calls. */
size_t published_refresh(size_t changed);

/* Updates the table at once. */
struct published_sum published_measure(void);

/* To be called in a child, where no other thread is measuring any more. */
void published_after_fork(void);

#endif
