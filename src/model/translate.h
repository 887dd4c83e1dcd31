/*
 * translate: the symbols of one table as those of another one.
 *
 *	translation_init(&t, from, to)
 *	translate_key(&t, by, key)	as often as wanted
 *	translation_free(&t)
 *
 * What was translated once is remembered, so neither table may be reset meanwhile.
 */
#ifndef MODEL_TRANSLATE_H
#define MODEL_TRANSLATE_H

#include "model/key.h"

struct translation {
	const struct intern *from;
	struct intern *to;
	symbol *known; /* by symbol of `from`; SYMBOL_NONE where it was not needed yet */
	uint32_t capacity;
};

void translation_init(struct translation *t, const struct intern *from, struct intern *to);
void translation_free(struct translation *t);

/* Translates the symbols of a key in place; the other table gets what it lacks, and unknown stays
 * unknown. False if out of memory. */
bool translate_key(struct translation *t, const struct grouping *by, symbol *key);

/* The same with a table that must not grow: false where it lacks one of them. */
bool translate_known_key(const struct intern *from, const struct intern *to,
			 const struct grouping *by, symbol *key);

#endif
