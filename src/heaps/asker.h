/*
 * asker: which heap a call of malloc() is for.
 *
 * It is the heap of the library whose code the call returns to. If that library only passes
 * requests on, as strdup() and operator new do, it is the heap of the first other library further
 * up the stack. What was found for an address is cached until a library is closed. Only for this
 * folder.
 */
#ifndef HEAPS_ASKER_H
#define HEAPS_ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `direct`: no library passes requests on. `functions`: the functions that ask for most get heaps
 * of their own. `through`: patterns of names, separated by colons, of more libraries that pass
 * requests on; may be NULL. It stays the caller's. */
void asker_begin(bool direct, bool functions, const char *through);

/* The cache has one word for each address: the address and, in its low bits, a heap, a rule for
 * going up from there, or, numbered after all rules, a function that is counted. */
enum { ASKER_BITS = 13, ASKER_VALUE_BITS = 16, ASKER_RULE = 1 << 15 };

extern uint64_t asker_cache[1 << ASKER_BITS];

static inline uint64_t *asker_place(uintptr_t address)
{
	return &asker_cache[address * UINT64_C(0x9e3779b97f4a7c15) >> (64 - ASKER_BITS)];
}

/* What is cached for an address: a heap, or ASKER_RULE and more; a larger value if nothing is. */
static inline uint64_t asker_known(uintptr_t address)
{
	uint64_t found = __atomic_load_n(asker_place(address), __ATOMIC_ACQUIRE);

	return found ^ (uint64_t)address << ASKER_VALUE_BITS;
}

/* For an address whose cached value, `known`, is not a heap, or that is not cached. */
unsigned asker_follow(const uintptr_t *frame, size_t size, uint64_t known);

/* The frame is that of the function that was called: its caller's rbp, then the address that the
 * call returns to. `size`: the bytes it asks for. */
static inline unsigned asker_heap(const uintptr_t *frame, size_t size)
{
	uint64_t known = asker_known(frame[1]);

	if (__builtin_expect(known < ASKER_RULE, 1))
		return (unsigned)known;
	return asker_follow(frame, size, known);
}

/* To be called after a library was closed, since another one may be loaded at its addresses. */
void asker_forget(void);

#endif
