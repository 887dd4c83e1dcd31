#include "model/translate.h"

#include <stdlib.h>

void translation_init(struct translation *t, const struct intern *from, struct intern *to)
{
	*t = (struct translation){.from = from, .to = to};
}

void translation_free(struct translation *t)
{
	free(t->known);
}

static bool reserve(struct translation *t, symbol s)
{
	uint32_t capacity = t->capacity ? t->capacity : 64;
	symbol *larger;

	if (s < t->capacity)
		return true;
	while (capacity <= s)
		capacity *= 2;
	larger = reallocarray(t->known, capacity, sizeof(*larger));
	if (!larger)
		return false;
	memset(larger + t->capacity, 0xff, (capacity - t->capacity) * sizeof(*larger));
	t->known = larger;
	t->capacity = capacity;
	return true;
}

/* SYMBOL_NONE if out of memory. */
static symbol translate(struct translation *t, symbol s)
{
	if (!reserve(t, s))
		return SYMBOL_NONE;
	if (t->known[s] == SYMBOL_NONE)
		t->known[s] = intern(t->to, intern_bytes(t->from, s));
	return t->known[s];
}

static bool translate_part(void *ctx, symbol *s)
{
	*s = translate(ctx, *s);
	return *s != SYMBOL_NONE;
}

bool translate_key(struct translation *t, const struct grouping *by, symbol *key)
{
	for (unsigned k = 0; k < by->count; k++) {
		if (key[k] == SYMBOL_NONE)
			continue;
		if (by->keys[k] == KEY_MAPPING)
			key[k] = key_copy_mapping(t->from, t->to, key[k], translate_part, t);
		else
			key[k] = translate(t, key[k]);
		if (key[k] == SYMBOL_NONE)
			return false;
	}
	return true;
}

struct lookup {
	const struct intern *from, *to;
};

static bool find_part(void *ctx, symbol *s)
{
	const struct lookup *l = ctx;

	*s = intern_find(l->to, intern_bytes(l->from, *s));
	return *s != SYMBOL_NONE;
}

bool translate_known_key(const struct intern *from, const struct intern *to,
			 const struct grouping *by, symbol *key)
{
	struct lookup lookup = {from, to};

	for (unsigned k = 0; k < by->count; k++) {
		if (key[k] == SYMBOL_NONE)
			continue;
		if (by->keys[k] == KEY_MAPPING)
			key[k] = key_find_mapping(from, to, key[k], find_part, &lookup);
		else
			find_part(&lookup, &key[k]);
		if (key[k] == SYMBOL_NONE)
			return false;
	}
	return true;
}
