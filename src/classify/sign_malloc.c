/*
 * malloc of the GNU C library.
 *
 * A block from mmap(2) begins with two words, as long as pointers are: what lies before the chunk,
 * 0 unless the block is aligned to more than a page, and the size of all of it with IS_MMAPPED. The
 * kernel merges neighbours, of which the next begins where the one before ends.
 *
 * An arena of a thread is made of heaps, each at a multiple of HEAP_MAX. Its head has the address
 * of the arena's state, the heap before, its size, and as much as may be accessed.
 */
#include "classify/sign.h"

#define HEAP_MAX   (UINT64_C(64) << 20) /* on 64 bits */
#define PAGE_BYTES UINT64_C(4096)	/* the least that a page may have */
#define IS_MMAPPED UINT64_C(2)
#define FLAGS	   UINT64_C(7)

struct chunk {
	uint64_t before, size;
};

/* The end of a chunk that begins at an address; 0 if there is none. */
static uint64_t end_of_chunk(const struct sign_place *p, uint64_t at)
{
	struct chunk chunk;

	if (!memory_read(p->memory, at, &chunk, sizeof(chunk)) || chunk.before != 0 ||
	    (chunk.size & FLAGS) != IS_MMAPPED)
		return 0;
	chunk.size &= ~FLAGS;
	if (chunk.size == 0 || chunk.size % PAGE_BYTES != 0 || chunk.size > p->mapping->end - at)
		return 0;
	return at + chunk.size;
}

/* The two words are two marks, but a program may have numbers that look so by chance: that a chunk
 * ends where the mapping or another chunk does is the second. */
bool sign_malloc_chunks(const struct sign_place *p, struct sign_found *found)
{
	uint64_t end = end_of_chunk(p, p->at), next = end;
	unsigned chunks = 0;

	for (; next != 0; chunks++) {
		end = next;
		next = end < p->mapping->end ? end_of_chunk(p, end) : 0;
	}
	if (chunks == 0)
		return false;
	*found = (struct sign_found){
		.start = p->at,
		.end = end,
		.guess = chunks > 1 || end == p->mapping->end ? GUESS_MALLOC : GUESS_MALLOC_LIKELY,
	};
	return true;
}

struct heap_info {
	uint64_t arena, before, size, accessible;
};

/* The state of the arena lies behind the head of its first heap; of others, in a page like it. */
static bool is_heap(const struct heap_info *h, uint64_t at, uint64_t room)
{
	uint64_t state = h->arena % HEAP_MAX;

	return h->before % HEAP_MAX == 0 && (h->before == 0) == (h->arena - state == at) &&
	       state >= sizeof(*h) && state < PAGE_BYTES && state % sizeof(uint64_t) == 0 &&
	       h->size >= PAGE_BYTES && h->size <= h->accessible && h->size <= room &&
	       h->accessible <= HEAP_MAX && h->accessible % PAGE_BYTES == 0;
}

/* Where the kernel merged it with memory before, it begins inside of the mapping. */
bool sign_malloc_arena(const struct sign_place *p, struct sign_found *found)
{
	uint64_t at = (p->at + HEAP_MAX - 1) / HEAP_MAX * HEAP_MAX, end = p->mapping->end;
	struct heap_info heap;

	if (at < p->at || at >= end || !memory_read(p->memory, at, &heap, sizeof(heap)) ||
	    !is_heap(&heap, at, end - at))
		return false;
	if (heap.accessible < end - at)
		end = at + heap.accessible;
	*found = (struct sign_found){.start = at, .end = end, .guess = GUESS_ARENA};
	return true;
}
