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
#include <stdint.h>

/* `direct`: no library passes anything on. `through`: patterns of names, with colons between, of
 * more that do; may be NULL. It stays the caller's. */
void asker_begin(bool direct, const char *through);

/* The frame is that of the function that was called: rbp of its caller, then the address that the
 * call returns to. */
unsigned asker_heap(const uintptr_t *frame);

/* After a library was closed, since another one may come to lie there. */
void asker_forget(void);


#endif
