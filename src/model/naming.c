#include "model/naming.h"

const char *const word_names[WORD_COUNT] = {
	[WORD_PROCESS] = "named",
	[WORD_KERNEL] = "known",
	[WORD_GUESS] = "guessed",
	[WORD_NONE] = "unknown",
};

bool label_is_given(struct slice label)
{
	return slice_begins(label, SLICE("[anon:")) || slice_begins(label, SLICE("[anon_shmem:"));
}

static enum word word_of(struct slice label, enum origin origin)
{
	if (origin == ORIGIN_INFERRED)
		return WORD_GUESS;
	if (label_is_given(label))
		return WORD_PROCESS;
	return slice_equals(label, SLICE("[anon]")) ? WORD_NONE : WORD_KERNEL;
}

void naming_add(struct naming *n, const struct record *r, const struct grouping *by,
		const struct intern *symbols)
{
	unsigned kind = grouping_find(by, KEY_KIND), label = grouping_find(by, KEY_LABEL);
	struct slice anon = slice_of(kind_names[KIND_ANON]);

	if (kind == by->count || label == by->count)
		return;
	for (uint32_t i = 0; i < r->count; i++) {
		const symbol *key = record_key(r, by, i);
		enum origin origin;
		struct slice text;

		if (!slice_equals(intern_bytes(symbols, key[kind]), anon))
			continue;
		text = key_label(symbols, key[label], &origin);
		n->pss[word_of(text, origin)] += r->groups[i].counters.bytes[COUNTER_PSS];
	}
}

void naming_join(struct naming *n, const struct naming *other)
{
	for (int word = 0; word < WORD_COUNT; word++)
		n->pss[word] += other->pss[word];
}

uint64_t naming_total(const struct naming *n)
{
	uint64_t all = 0;

	for (int word = 0; word < WORD_COUNT; word++)
		all += n->pss[word];
	return all;
}

double naming_percent(const struct naming *n, uint64_t all, enum word word)
{
	uint64_t told = naming_total(n) - n->pss[WORD_NONE];
	uint64_t part = word == WORD_NONE ? all - told : n->pss[word];

	return all > 0 ? 100.0 * (double)part / (double)all : 0;
}
