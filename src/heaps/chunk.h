/* chunk: memory for heaps from the kernel, with its owner and its name. Only for this folder. */
#ifndef HEAPS_CHUNK_H
#define HEAPS_CHUNK_H

#include <stdbool.h>
#include <stddef.h>

/* Maps zeroed memory, aligned to 2 MiB and to the alignment, for an owner of owner.h. NULL if there
 * is none. */
void *chunk_map(size_t size, size_t alignment, unsigned owner, const char *name);

/* Maps memory at an address directly after memory of the same owner, if nothing is there. */
bool chunk_extend(void *at, size_t size, unsigned owner, const char *name);

/* Changes the size of what chunk_map() mapped, which may move it. NULL, with nothing changed, if
 * that is impossible. */
void *chunk_remap(void *at, size_t old, size_t size, unsigned owner, const char *name);

/* Unmaps all that was mapped. */
void chunk_unmap(void *at, size_t size);

#endif
