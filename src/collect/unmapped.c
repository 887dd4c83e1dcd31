#include "collect/unmapped.h"

#include "source/segments.h"

struct unmapped {
	struct snapshot *snapshot;
	struct shares *objects;
};

/* Subtracts the mapped files of a tmpfs from its contents. False if a size is unknown. */
static bool take_off_mapped(const struct shares *objects, const struct segment_id *tmpfs,
			    uint64_t *bytes)
{
	for (uint32_t i = 0; i < objects->ids.count; i++) {
		const struct segment_facts *facts = &objects->objects[i].facts;
		struct segment_id id;

		memcpy(&id, intern_bytes(&objects->ids, i).ptr, sizeof(id));
		if (id.dev_major != tmpfs->dev_major || id.dev_minor != tmpfs->dev_minor)
			continue;
		if (!facts->known)
			return false;
		*bytes -= facts->allocated < *bytes ? facts->allocated : *bytes;
	}
	return true;
}

/* A row without a process; all other keys are unknown. */
static bool add_row(struct snapshot *s, const struct segment_id *id, struct slice name)
{
	symbol key[KEY_COUNT];
	struct group none;

	for (unsigned k = 0; k < s->by.count; k++)
		key[k] = SYMBOL_NONE;
	key[grouping_find(&s->by, KEY_SEGMENT)] = key_intern_segment(&s->symbols, id, name);
	group_zero(&none);
	return key[grouping_find(&s->by, KEY_SEGMENT)] != SYMBOL_NONE &&
	       aggregate_add_group(&s->groups, key, &none);
}

static bool found(void *ctx, const struct segment_id *id, struct slice name,
		  const struct segment_facts *facts)
{
	struct unmapped *u = ctx;
	struct segment_facts rest = *facts;

	if (shares_have(u->objects, id))
		return true;
	if (id->inode == 0 && id->space == SPACE_NONE) {
		rest.known = take_off_mapped(u->objects, id, &rest.allocated);
		rest.size = rest.allocated;
		if (rest.known && rest.allocated == 0)
			return true;
	}
	return shares_add_unmapped(u->objects, id, &rest) && add_row(u->snapshot, id, name);
}

bool unmapped_add(const struct source *source, struct snapshot *s, struct shares *objects)
{
	struct unmapped u = {s, objects};

	return segments_list(source, found, &u);
}
