/*
 * translate: translates symbols of one table to symbols of another.
 *
 *	translation_init(&t, from, to)
 *	translate_key(&t, by, key)	as often as wanted
 *	translation_free(&t)
 *
 * Translations are cached, so neither table may be reset meanwhile.
 */
#ifndef MODEL_TRANSLATE_H
#define MODEL_TRANSLATE_H

#include "model/key.h"

struct translation {
	const struct intern *from;
	struct intern *to;
	symbol *known; /* by symbol of `from`; SYMBOL_NONE if not translated yet */
	uint32_t capacity;
};

void translation_init(struct translation *t, const struct intern *from, struct intern *to);
void translation_free(struct translation *t);

/* Translates the symbols of a key in place, adding to the other table what it lacks; unknown values
 * stay unknown. False if out of memory. */
bool translate_key(struct translation *t, const struct grouping *by, symbol *key);

/* The same for a table that must not grow: false if it lacks a symbol. */
bool translate_known_key(const struct intern *from, const struct intern *to,
			 const struct grouping *by, symbol *key);

#endif
