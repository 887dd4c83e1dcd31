/*
 * owner: whose heap an address lies in.
 *
 * All memory of heaps lies in chunks that begin at a multiple of 2 MiB, and no 2 MiB hold memory of
 * two heaps. A table of two levels says who owns each. It grows with use, so that it fits under a
 * limit of the address space. Reading takes no lock.
 */
#ifndef HEAPS_OWNER_H
#define HEAPS_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OWNER_NONE,	       /* not from here: from the C library, before this began */
	OWNER_ALLOCATOR,       /* memory of jemalloc itself, and what ending threads allocate */
	OWNER_FIRST,	       /* the first heap; the number of a heap is its owner */
	OWNER_ALONE = 1 << 15, /* added to a heap: a block with a mapping of its own (block.h) */
	OWNER_SHIFT = 21,
	OWNER_LEAF = 1 << 13, /* entries of a leaf */
	OWNER_ROOT = 1 << 13, /* leaves: 47 bits of address in all */
};

#define OWNER_CHUNK ((size_t)1 << OWNER_SHIFT)

extern uint16_t *owner_root[OWNER_ROOT];

static inline unsigned owner_of(const void *p)
{
	uintptr_t at = (uintptr_t)p >> OWNER_SHIFT;
	uint16_t *leaf;

	if (__builtin_expect(at / OWNER_LEAF >= OWNER_ROOT, 0))
		return OWNER_NONE;
	leaf = __atomic_load_n(&owner_root[at / OWNER_LEAF], __ATOMIC_ACQUIRE);
	return leaf ? __atomic_load_n(&leaf[at % OWNER_LEAF], __ATOMIC_RELAXED) : OWNER_NONE;
}

/* Sets the owner of everything that [start, start + size) touches. False, with nothing changed, if
 * there is no memory for the table. */
bool owner_set(const void *start, size_t size, unsigned owner);

#endif
