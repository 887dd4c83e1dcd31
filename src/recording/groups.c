#include "recording/groups.h"

#include "recording/usage.h"

#include <stdlib.h>
#include <string.h>

void groups_init(struct groups *g, const struct database *db, const char *boot_id,
		 const struct renaming *redaction)
{
	*g = (struct groups){.db = db, .boot_id = boot_id, .redaction = redaction};
	intern_init(&g->keys);
}

int groups_open(struct groups *g, uint64_t next_grp, struct error *e)
{
	g->next_grp = next_grp;
	g->insert = database_prepare(g->db, identity_insert, e);
	if (!g->insert)
		return -1;
	g->find = database_prepare(g->db, identity_find, e);
	return g->find ? 0 : -1;
}

void groups_free(struct groups *g)
{
	sqlite3_finalize(g->insert);
	sqlite3_finalize(g->find);
	intern_free(&g->keys);
	free(g->known);
	free(g->changed);
	free(g->scratch);
}

void groups_forget(struct groups *g)
{
	intern_free(&g->keys);
	intern_init(&g->keys);
	free(g->known);
	g->known = NULL;
	g->capacity = g->there = 0;
}

bool groups_are_stale(const struct groups *g)
{
	enum { FEW = 4096 };

	return g->keys.count > 2 * g->there + FEW;
}

void groups_begin(struct groups *g, uint64_t sample, bool whole)
{
	g->sample = sample;
	g->whole = whole;
	g->changed_count = 0;
}

/* The bytes of a key, independent of its table of symbols; NULL if out of memory. */
static struct slice flatten(struct groups *g, const struct recorded_groups *r, const symbol *key)
{
	size_t used = 1;

	for (unsigned i = 0; i < r->by->count + 1; i++) {
		struct slice bytes = {NULL, 0};
		uint32_t length = UINT32_MAX;

		if (i < r->by->count && key[i] != SYMBOL_NONE) {
			bytes = intern_bytes(r->symbols, key[i]);
			length = (uint32_t)bytes.len;
		}
		if (used + sizeof(length) + bytes.len > g->scratch_capacity) {
			size_t capacity = 2 * (used + sizeof(length) + bytes.len);
			char *larger = realloc(g->scratch, capacity);

			if (!larger)
				return (struct slice){NULL, 0};
			g->scratch = larger;
			g->scratch_capacity = capacity;
		}
		memcpy(g->scratch + used, &length, sizeof(length));
		used += sizeof(length);
		if (bytes.len)
			memcpy(g->scratch + used, bytes.ptr, bytes.len);
		used += bytes.len;
	}
	g->scratch[0] = r->sets ? 's' : 'm';
	return (struct slice){g->scratch, used};
}

/* The number of a group in the file, which may already have it. 0, or -1 with *e. */
static int number_group(struct groups *g, const struct identity *id, uint64_t *grp, struct error *e)
{
	int row;

	identity_bind_to_find(g->find, id);
	row = database_step(g->db, g->find, e);
	if (row > 0)
		*grp = (uint64_t)sqlite3_column_int64(g->find, 0);
	sqlite3_reset(g->find);
	if (row != 0)
		return row < 0 ? -1 : 0;
	*grp = g->next_grp++;
	identity_bind(g->insert, id, *grp);
	return database_finish(g->db, g->insert, e);
}

static bool make_room(struct groups *g, symbol at)
{
	uint32_t capacity = g->capacity ? 2 * g->capacity : 64;
	void *larger;

	if (at < g->capacity)
		return true;
	larger = reallocarray(g->known, capacity, sizeof(*g->known));
	if (!larger)
		return false;
	g->known = larger;
	g->capacity = capacity;
	return true;
}

/* A group that was not known yet; it has no values. NULL with *e. */
static struct known_group *add_known(struct groups *g, symbol at, struct identity *id,
				     struct error *e)
{
	const struct renaming *redaction = g->redaction;
	struct known_group *k = &g->known[at];

	*k = (struct known_group){.grp = 0};
	if (redaction && !redaction->rename(redaction->ctx, id)) {
		error_memory(e);
		return NULL;
	}
	return number_group(g, id, &k->grp, e) < 0 ? NULL : k;
}

/* A group, which is added if it was not known; NULL with *e. */
static struct known_group *find_known(struct groups *g, const struct recorded_groups *r,
				      const symbol *key, struct error *e)
{
	struct slice flat = flatten(g, r, key);
	uint32_t count = g->keys.count;
	symbol at = flat.ptr ? intern(&g->keys, flat) : SYMBOL_NONE;
	struct identity id;

	if (at == SYMBOL_NONE || !make_room(g, at)) {
		error_memory(e);
		return NULL;
	}
	if (at < count)
		return &g->known[at];
	id = identity_of(r->symbols, r->by, key, slice_of(g->boot_id));
	return add_known(g, at, &id, e);
}

/* Remembers that a group has changed. */
static int note_change(struct groups *g, const struct known_group *k, struct error *e)
{
	if (g->changed_count == g->changed_capacity) {
		size_t capacity = g->changed_capacity ? 2 * g->changed_capacity : 256;
		void *larger = reallocarray(g->changed, capacity, sizeof(*g->changed));

		if (!larger)
			return error_memory(e);
		g->changed = larger;
		g->changed_capacity = capacity;
	}
	g->changed[g->changed_count++] = (uint32_t)(k - g->known);
	return 0;
}

int groups_note(struct groups *g, const struct recorded_groups *r, struct error *e)
{
	for (uint32_t i = 0; i < aggregate_count(r->groups); i++) {
		struct group now = r->groups->groups[i];
		struct known_group *k = find_known(g, r, aggregate_key(r->groups, i), e);

		if (!k)
			return -1;
		if (r->sets) {
			now.mappings = 0;
			memset(&now.counters, 0, sizeof(now.counters));
		}
		usage_round(&now);
		k->seen = g->sample;
		g->there += !k->there;
		if (k->there && !g->whole && usage_equals(&k->last, &now))
			continue;
		k->there = true;
		k->last = now;
		if (note_change(g, k, e) < 0)
			return -1;
	}
	return 0;
}

int groups_note_gone(struct groups *g, struct error *e)
{
	for (uint32_t i = 0; g->known && i < g->keys.count; i++) {
		struct known_group *k = &g->known[i];

		if (!k->there || k->seen == g->sample)
			continue;
		k->there = false;
		g->there--;
		group_zero(&k->last);
		if (note_change(g, k, e) < 0)
			return -1;
	}
	return 0;
}

static int by_number(const void *a, const void *b, void *known)
{
	const struct known_group *list = known;
	uint64_t x = list[*(const uint32_t *)a].grp, y = list[*(const uint32_t *)b].grp;

	return (x > y) - (x < y);
}

void groups_sort(struct groups *g)
{
	if (g->changed_count)
		qsort_r(g->changed, g->changed_count, sizeof(*g->changed), by_number, g->known);
}
