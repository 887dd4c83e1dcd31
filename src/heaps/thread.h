/*
 * thread: what each thread keeps of heaps.
 *
 * jemalloc's fast path is a cache of free memory that belongs to a thread. Each thread elects one
 * heap for this cache: that of the library that asks most. For other heaps that it uses often, it
 * makes caches of the slower kind. Only for this folder.
 */
#ifndef HEAPS_THREAD_H
#define HEAPS_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	THREAD_SLOTS = 64,
	THREAD_ROUND = 4096,	  /* calls of the elected heap between two looks */
	THREAD_SOON = 256,	  /* the same for the first look of a thread */
	THREAD_CACHED = 64 << 10, /* bytes; no cache has as much */
	THREAD_FIRST = 64 << 10,  /* bytes of a new thread after which figures are due */
	THREAD_LARGE = 8 << 20,	  /* bytes; from here on, jemalloc must be told the heap */
};

struct thread {
	uint16_t elected; /* NOBODY at first, and at the end */
	bool known;	  /* will be notified when the thread ends */
	bool ended;
	int32_t left; /* calls in this round */
	/* jemalloc's counters of the bytes that the thread was given and has freed, and the values
	 * at which figures are due. NULL only as long as no heap is elected and no slot has flags.
	 */
	const uint64_t *given, *freed;
	uint64_t given_due, freed_due, step;
	struct thread_slot {
		uint16_t heap;
		uint16_t cache; /* number of the cache + 1; 0 for none */
		int32_t left;	/* calls of this slot until the next look */
		int32_t flags;	/* of mallocx() with the cache; 0 for none */
		uint32_t calls; /* in this round, up to the last look */
	} slots[THREAD_SLOTS];
};

enum { NOBODY = UINT16_MAX };

extern __thread struct thread thread __attribute__((tls_model("initial-exec")));

/* False if threads cannot have data of their own. */
bool thread_begin(void);

/* Ends a round of calls. */
void thread_look(void);

/* Bytes given and freed since figures were due last, and after how many more they are due again. */
size_t thread_changed(void);
void thread_expect(size_t bytes);

/* Flags for mallocx() and related functions for memory of a heap: 0 is for the elected one. */
int thread_choose_flags(unsigned heap, size_t size);

/* The same for heaps that the thread has a cache for; 0 if that is unknown. */
static inline int thread_flags(unsigned heap)
{
	struct thread_slot *slot = &thread.slots[heap % THREAD_SLOTS];

	if (__builtin_expect(slot->heap == heap && slot->flags && --slot->left > 0, 1))
		return slot->flags;
	return 0;
}

#endif
