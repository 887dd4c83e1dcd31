#include "model/naming.h"

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
