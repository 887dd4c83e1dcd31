/*
 * asker: which heap a call of malloc() is for.
 *
 * That of the library whose code the call returns to; if that one only passes on what others ask
 * for, as strdup() and operator new do, that of the first other one further up the stack. What was
 * found for an address is kept, until a library is closed. Only for this folder.
 */
#ifndef HEAPS_ASKER_H
#define HEAPS_ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `direct`: no library passes anything on. `functions`: those that ask for most have heaps of their
 * own. `through`: patterns of names, with colons between, of more libraries that pass on; may be
 * NULL. It stays the caller's. */
void asker_begin(bool direct, bool functions, const char *through);

/* What is known of addresses, in one word each: the address, and below it a heap, or a rule how to
 * go on from there, or behind all rules a function that is counted. */
enum { ASKER_BITS = 13, ASKER_VALUE_BITS = 16, ASKER_RULE = 1 << 15 };

extern uint64_t asker_cache[1 << ASKER_BITS];

static inline uint64_t *asker_place(uintptr_t address)
{
	return &asker_cache[address * UINT64_C(0x9e3779b97f4a7c15) >> (64 - ASKER_BITS)];
}

/* What is known of an address: a heap, or ASKER_RULE and more; or what is larger than all that if
 * nothing is. */
static inline uint64_t asker_known(uintptr_t address)
{
	uint64_t found = __atomic_load_n(asker_place(address), __ATOMIC_RELAXED);

	return found ^ (uint64_t)address << ASKER_VALUE_BITS;
}

/* For an address of which another thing is known than its heap, or nothing. */
unsigned asker_follow(const uintptr_t *frame, size_t size, uint64_t known);

/* The frame is that of the function that was called: rbp of its caller, then the address that the
 * call returns to. `size`: what it asks for, in bytes. */
static inline unsigned asker_heap(const uintptr_t *frame, size_t size)
{
	uint64_t known = asker_known(frame[1]);

	if (__builtin_expect(known < ASKER_RULE, 1))
		return (unsigned)known;
	return asker_follow(frame, size, known);
}

/* After a library was closed, since another one may come to lie there. */
void asker_forget(void);

#endif
