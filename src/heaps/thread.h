/*
 * thread: what each thread keeps of heaps.
 *
 * jemalloc's fast path is a cache of free memory that belongs to a thread. Each thread elects one
 * heap, that of the library which asks most, for whose memory this cache is; for other heaps that
 * it uses much it makes caches of the slower kind. Only for this folder.
 */
#ifndef HEAPS_THREAD_H
#define HEAPS_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	THREAD_SLOTS = 64,
	THREAD_ROUND = 4096,	/* calls of the elected heap from one look to the next */
	THREAD_LARGE = 8 << 20, /* jemalloc takes this from no heap that it was not told */
};

struct thread {
	uint16_t elected; /* NOBODY at first, and at the end */
	bool known;	  /* to be told when the thread ends */
	bool ended;
	int32_t left; /* calls of this round */
	struct thread_slot {
		uint16_t heap;
		uint16_t cache; /* + 1; 0 for none */
		int32_t left;	/* calls of this slot until it is looked at */
		int32_t flags;	/* of mallocx() with the cache; 0 for none */
		uint32_t calls; /* of this round, up to the last look */
	} slots[THREAD_SLOTS];
};

enum { NOBODY = UINT16_MAX };

extern __thread struct thread thread __attribute__((tls_model("initial-exec")));

/* False if threads cannot have anything of their own. */
bool thread_begin(void);

/* Ends a round of calls. */
void thread_look(void);

/* What mallocx() and others are told for memory of a heap: 0 is the elected one's. */
int thread_choose_flags(unsigned heap, size_t size);

/* The same for heaps that the thread has a cache for; 0 if more has to be found out. */
static inline int thread_flags(unsigned heap)
{
	struct thread_slot *slot = &thread.slots[heap % THREAD_SLOTS];

	if (__builtin_expect(slot->heap == heap && slot->flags && --slot->left > 0, 1))
		return slot->flags;
	return 0;
}

#endif
