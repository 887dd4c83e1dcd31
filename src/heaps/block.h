/*
 * block: memory so large that it gets a mapping of its own, as in the C library. It grows without
 * being copied, and goes back to the kernel when it is freed. Only for this folder.
 */
#ifndef HEAPS_BLOCK_H
#define HEAPS_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes: the smallest size, and the largest alignment. */
enum { BLOCK_LEAST = 32 << 20, BLOCK_ALIGNMENT = 1 << 20 };

/* Zeroed memory of a heap, aligned to a power of two. NULL if there is none. */
void *block_new(unsigned heap, size_t size, size_t alignment);

/* Changes the size of a block, as realloc() does. NULL, with nothing changed, if that is
 * impossible. `heap` is without OWNER_ALONE here and below. */
void *block_resize(unsigned heap, void *block, size_t size);

void block_free(unsigned heap, void *block);

size_t block_size(const void *block);

/* The size of all blocks of a heap, in bytes. */
size_t block_sum(unsigned heap);

#endif
