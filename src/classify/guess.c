#include "classify/guess.h"

#define CERTAIN_LABEL(id, text) [GUESS_##id] = SLICE_INIT("~" text),
#define LIKELY_LABEL(id, text)	[GUESS_##id##_LIKELY] = SLICE_INIT("~" text "?"),

const struct slice guess_labels[GUESS_COUNT] = {GUESSES(CERTAIN_LABEL) GUESSES(LIKELY_LABEL)};

/* No name has a bracket inside. */
enum guess guess_in_label(struct slice label)
{
	static const struct slice beside = SLICE_INIT("] ~");
	const char *end = label.len ? memmem(label.ptr, label.len, beside.ptr, beside.len) : NULL;

	if (end)
		label = slice_inner(label, (size_t)(end - label.ptr) + beside.len - 1, 0);
	for (int guess = GUESS_NONE + 1; guess < GUESS_COUNT; guess++) {
		if (slice_equals(label, guess_labels[guess]))
			return (enum guess)guess;
	}
	return GUESS_NONE;
}
