/*
 * caller: finds out who requested memory, by the return address of the call.
 *
 * Callers may hold any lock of the C library or of an allocator, so nothing here takes a lock,
 * allocates, or changes errno. Needs glibc 2.35.
 */
#ifndef PRELOAD_CALLER_H
#define PRELOAD_CALLER_H

#include "anonmem/anonmem.h"

#include <stdbool.h>
#include <stdint.h>

/* Call this first, while there is only one thread. */
void caller_prepare(void);

/*
 * Makes a name for memory requested by the code at an address: the file name of its library or
 * program and, with `function`, a colon and the function, if its symbol table has it. Invalid bytes
 * become _; names of C++ are readable. False if the code is not in a loaded object, or in the one
 * that contains this function.
 */
bool caller_name(uintptr_t address, bool function, char name[ANONMEM_NAME_MAX + 1]);

/* The address as in the symbol table of its library or program. False if it is in none. */
bool caller_offset(uintptr_t address, uint64_t *offset);

#endif
