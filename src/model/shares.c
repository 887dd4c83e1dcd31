#include "model/shares.h"

#include "source/segments.h"

#include <stdlib.h>

void shares_init(struct shares *s)
{
	*s = (struct shares){0};
	intern_init(&s->ids);
}

void shares_free(struct shares *s)
{
	intern_free(&s->ids);
	free(s->objects);
	free(s->mappings);
	*s = (struct shares){0};
}

static struct slice id_bytes(const struct segment_id *id)
{
	return (struct slice){(const char *)id, sizeof(*id)};
}

/* NULL if out of memory. */
static struct shared_object *object_of(struct shares *s, const struct segment_id *id)
{
	symbol object = intern(&s->ids, id_bytes(id));

	if (object == SYMBOL_NONE)
		return NULL;
	if (object >= s->capacity) {
		uint32_t capacity = s->capacity ? 2 * s->capacity : 16;
		struct shared_object *larger = reallocarray(s->objects, capacity, sizeof(*larger));

		if (!larger)
			return NULL;
		memset(larger + s->capacity, 0, (capacity - s->capacity) * sizeof(*larger));
		s->objects = larger;
		s->capacity = capacity;
	}
	return &s->objects[object];
}

static bool add_mapping(struct shares *s, const struct shared_mapping *m)
{
	if (s->count == s->mapping_capacity) {
		size_t capacity = s->mapping_capacity ? 2 * s->mapping_capacity : 16;
		struct shared_mapping *larger =
			reallocarray(s->mappings, capacity, sizeof(*larger));

		if (!larger)
			return false;
		s->mappings = larger;
		s->mapping_capacity = capacity;
	}
	s->mappings[s->count++] = *m;
	return true;
}

static bool add_part(struct shares *s, pid_t pid, const struct swapped_part *part)
{
	struct shared_object *o = object_of(s, &part->segment);

	if (!o)
		return false;
	if (__builtin_add_overflow(o->mapped, part->swapped, &o->mapped))
		o->mapped = UINT64_MAX;
	o->least = part->swapped > o->least ? part->swapped : o->least;
	return add_mapping(s, &(struct shared_mapping){
				      .object = (uint32_t)(o - s->objects),
				      .pid = pid,
				      .start = part->start,
				      .end = part->end,
				      .offset = part->offset,
				      .swapped = part->swapped,
			      });
}

/* Whether shared memory may be swapped without showing in the record. */
static bool may_lack_parts(const struct record *r)
{
	for (uint32_t i = 0; r->how & HOW_BIT(HOW_SCANNED) && i < r->count; i++) {
		if (!counters_know(&r->groups[i].counters, COUNTER_SWAP))
			return true;
	}
	return false;
}

/* Captures that have no inodes do not tell one object from another. */
static bool is_of_unknown_object(const struct swapped_part *part)
{
	const struct segment_id *id = &part->segment;

	return id->inode == 0 && id->dev_major == 0 && id->dev_minor == 0;
}

bool shares_add(struct shares *s, const struct record *r)
{
	s->incomplete |= may_lack_parts(r);
	for (uint32_t i = 0; i < r->part_count; i++) {
		s->incomplete |= is_of_unknown_object(&r->parts[i]) && r->parts[i].swapped > 0;
		if (!add_part(s, r->process.pid, &r->parts[i]))
			return false;
	}
	return true;
}

/* A mapping of the whole object sees everything that is swapped of it. */
static void measure(struct shared_object *o, const struct shared_mapping *m,
		    const struct segment_facts *facts)
{
	if (facts->known)
		o->facts = *facts;
	if (facts->swapped_known) {
		o->known = true;
		o->swapped = facts->swapped;
	} else if (facts->known && m->offset == 0 && m->end - m->start >= facts->size) {
		o->known = true;
		o->swapped = m->swapped;
	}
	if (o->known && o->facts.known) {
		o->facts.swapped_known = true;
		o->facts.swapped = o->swapped;
	}
}

struct segment_facts shares_facts(const struct shares *s, const struct segment_id *id)
{
	symbol object = intern_find(&s->ids, id_bytes(id));

	return object == SYMBOL_NONE ? (struct segment_facts){.known = false}
				     : s->objects[object].facts;
}

bool shares_add_unmapped(struct shares *s, const struct segment_id *id,
			 const struct segment_facts *facts)
{
	struct shared_object *o = object_of(s, id);

	if (!o)
		return false;
	o->facts = *facts;
	o->known = true;
	return true;
}

bool shares_have(const struct shares *s, const struct segment_id *id)
{
	return intern_find(&s->ids, id_bytes(id)) != SYMBOL_NONE;
}

/* The kernel shows the swap of System V segments to every user. */
static bool learn(void *ctx, const struct segment_id *id, struct slice name,
		  const struct segment_facts *facts)
{
	struct shares *s = ctx;
	symbol object = intern_find(&s->ids, id_bytes(id));

	(void)name;
	if (object == SYMBOL_NONE || s->objects[object].known)
		return true;
	s->objects[object].known = true;
	s->objects[object].swapped = facts->swapped;
	s->objects[object].facts = *facts;
	return true;
}

/* Whether the swap of some System V segment is still unknown. */
static bool wants_sysv(const struct shares *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct segment_id id;

		memcpy(&id, intern_bytes(&s->ids, s->mappings[i].object).ptr, sizeof(id));
		if (id.space != SPACE_NONE && !s->objects[s->mappings[i].object].known)
			return true;
	}
	return false;
}

void shares_measure(struct shares *s, const struct source *source)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct shared_mapping *m = &s->mappings[i];
		struct shared_object *o = &s->objects[m->object];
		struct segment_id id;
		struct segment_facts facts;

		if (o->known)
			continue;
		memcpy(&id, intern_bytes(&s->ids, m->object).ptr, sizeof(id));
		segment_look(source, m->pid, m->start, m->end, &id, &facts);
		measure(o, m, &facts);
	}
	if (wants_sysv(s))
		segments_list_sysv(source, learn, s);
	for (uint32_t i = 0; i < s->ids.count; i++) {
		if (!s->objects[i].known)
			s->objects[i].swapped = s->objects[i].least;
	}
}

uint64_t shares_unmeasured(const struct shares *s)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < s->ids.count; i++)
		count += !s->objects[i].known && s->objects[i].mapped > 0;
	return count;
}

/* The product may need more than 64 bits. */
static uint64_t divide(uint64_t whole, uint64_t part, uint64_t all)
{
	return (uint64_t)((long double)whole * (long double)part / (long double)all);
}

bool shares_of(const struct shares *s, const struct swapped_part *part, uint64_t *bytes)
{
	symbol object = s ? intern_find(&s->ids, id_bytes(&part->segment)) : SYMBOL_NONE;
	const struct shared_object *o;

	*bytes = 0;
	if (part->swapped == 0)
		return true;
	if (object == SYMBOL_NONE || s->incomplete)
		return false;
	o = &s->objects[object];
	*bytes = divide(o->swapped, part->swapped, o->mapped);
	return o->known;
}
