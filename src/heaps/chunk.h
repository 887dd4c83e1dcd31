/* chunk: memory for heaps from the kernel, with its owner and its name. Only for this folder. */
#ifndef HEAPS_CHUNK_H
#define HEAPS_CHUNK_H

#include <stdbool.h>
#include <stddef.h>

/* Maps zeroed memory at a multiple of 2 MiB and of the alignment, for an owner of owner.h. NULL if
 * there is none. */
void *chunk_map(size_t size, size_t alignment, unsigned owner, const char *name);

/* The same at an address behind memory of the same owner, if nothing is there. */
bool chunk_extend(void *at, size_t size, unsigned owner, const char *name);

/* Gives memory back; false, and it stays, if others' numbers in the table would be lost. */
bool chunk_unmap(void *at, size_t size);

#endif
