/*
 * block: memory so large that the C library, too, maps each block by itself. It grows without being
 * copied, and is the kernel's again when it is freed. Only for this folder.
 */
#ifndef HEAPS_BLOCK_H
#define HEAPS_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes: from which size on, and up to which alignment. */
enum { BLOCK_LEAST = 32 << 20, BLOCK_ALIGNMENT = 1 << 20 };

/* Zeroed memory of a heap, at a multiple of a power of two. NULL if there is none. */
void *block_new(unsigned heap, size_t size, size_t alignment);

/* Changes its size, as realloc() does; NULL, and nothing done, if that cannot be. `heap` is without
 * OWNER_ALONE here and below. */
void *block_resize(unsigned heap, void *block, size_t size);

void block_free(unsigned heap, void *block);

size_t block_size(const void *block);

/* What all blocks of a heap have, in bytes. */
size_t block_sum(unsigned heap);

#endif
