/*
 * intern: stores each distinct byte string once and gives it a small number.
 *
 *	intern_init(&t)
 *	intern(&t, bytes)      -> symbol; the bytes are copied, equal bytes give the same symbol
 *	intern_bytes(&t, sym)  -> the bytes, valid until intern_reset() or intern_free()
 *	intern_reset(&t)       -> empty again, memory kept
 *	intern_free(&t)
 *
 * Symbols count up from 0 in the order of first sight, so they index plain arrays. The bytes need
 * not be text: the aggregator keys its groups with arrays of symbols. The hash is seeded for each
 * run, because processes choose the names that are stored here.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "base/slice.h"

#include <stdint.h>

typedef uint32_t symbol;

#define SYMBOL_NONE UINT32_MAX /* no such string, or no memory for it */

struct intern_chunk;

struct intern {
	struct intern_entry *entries; /* by symbol */
	uint32_t count, capacity;
	uint32_t *slots; /* open addressing, symbol + 1; 0 if free */
	uint32_t slot_count;
	struct intern_chunk *chunks; /* newest first */
	size_t chunk_used;
	uint64_t seed;
};

void intern_init(struct intern *t);
void intern_free(struct intern *t);
void intern_reset(struct intern *t);

/* SYMBOL_NONE if out of memory. */
symbol intern(struct intern *t, struct slice bytes);

/* Looks up without adding: SYMBOL_NONE if the string is not there. */
symbol intern_find(const struct intern *t, struct slice bytes);

struct slice intern_bytes(const struct intern *t, symbol s);

#endif
