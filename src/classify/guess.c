#include "classify/guess.h"

#define CERTAIN_LABEL(id, text) [GUESS_##id] = SLICE_INIT("~" text),
#define LIKELY_LABEL(id, text)	[GUESS_##id##_LIKELY] = SLICE_INIT("~" text "?"),

const struct slice guess_labels[GUESS_COUNT] = {GUESSES(CERTAIN_LABEL) GUESSES(LIKELY_LABEL)};
