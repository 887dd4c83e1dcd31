#include "classify/signs.h"

#include "classify/sign.h"

/* Cheap ones first. */
static sign_fn *const all[] = {
	sign_malloc_arena,
	sign_malloc_chunks,
	sign_bss,
	sign_stack,
};

static bool fits(const struct sign_place *place, const struct sign_found *found)
{
	return found->start >= place->at && found->start < found->end &&
	       found->end <= place->mapping->end && found->guess != GUESS_NONE;
}

/* What begins first; of several at one place, what the first sign says. */
static bool look(const struct sign_place *place, struct sign_found *found)
{
	struct sign_found one;
	bool any = false;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!all[i](place, &one) || !fits(place, &one) ||
		    (any && one.start >= found->start))
			continue;
		*found = one;
		any = true;
		if (one.start == place->at)
			break;
	}
	return any;
}

static size_t find(const struct mapping *m, struct memory *memory, void *facts,
		   struct content_part *parts, size_t most)
{
	struct sign_place place = {.mapping = m, .at = m->start, .memory = memory, .facts = facts};
	struct sign_found found;
	size_t count = 0;

	while (count < most && place.at < m->end && look(&place, &found)) {
		struct content_part *before = count ? &parts[count - 1] : NULL;

		if (before && before->end == found.start && before->guess == found.guess)
			before->end = found.end;
		else
			parts[count++] = (struct content_part){found.start, found.end, found.guess};
		place.at = found.end;
	}
	return count;
}

static void pass(const struct mapping *m, void *facts)
{
	sign_bss_pass(m, facts);
}

const struct content_signs signs = {
	.facts_size = sizeof(struct sign_facts), .find = find, .pass = pass};
