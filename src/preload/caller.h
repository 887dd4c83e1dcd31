/*
 * caller: who asked for memory, by the address that a call returns to.
 *
 * Callers may hold any lock of the C library's or of an allocator's; so nothing here takes a lock,
 * allocates, or leaves errno changed. Needs the GNU C library 2.35.
 */
#ifndef PRELOAD_CALLER_H
#define PRELOAD_CALLER_H

#include "anonmem/anonmem.h"

#include <stdbool.h>
#include <stdint.h>

/* Before the rest, while there is one thread. */
void caller_prepare(void);

/*
 * A name for what the code at an address asks for: the file name of its library or program, and
 * with `function` a colon and the function, if its symbol table has it. Bytes that no name may have
 * become _. False if the code is in no loaded object, or in the one that this is part of.
 */
bool caller_name(uintptr_t address, bool function, char name[ANONMEM_NAME_MAX + 1]);

#endif
