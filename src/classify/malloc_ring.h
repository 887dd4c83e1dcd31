/*
 * malloc_ring: whether the malloc arenas that were found are in the C library's ring of arenas,
 * which begins and ends at one among its own variables. Only for this folder.
 */
#ifndef CLASSIFY_MALLOC_RING_H
#define CLASSIFY_MALLOC_RING_H

#include "classify/sign.h"

/* The state of an arena, which has the address of its last chunk at offset `last`. */
void malloc_ring_note(struct malloc_facts *facts, uint64_t state, unsigned last, bool narrow);

/* After all mappings. */
enum content_doubt malloc_ring_check(struct memory *m, const struct malloc_facts *facts);

#endif
