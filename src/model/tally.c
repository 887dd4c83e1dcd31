#include "model/tally.h"

#include <stdlib.h>

enum { RUN = 8, FIRST = 64 };

/* Places runs of eight ids side by side; runs are scattered. */
static size_t place_of(const struct tally *t, uint64_t id)
{
	const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t run = id / RUN * golden;

	return ((run ^ run >> 32) * RUN + id % RUN) & (t->capacity - 1);
}

/* The entry of a page, or the free entry where it belongs. There must be a free entry. */
static struct tally_entry *look_up(const struct tally *t, uint64_t id)
{
	size_t i = place_of(t, id);

	while (t->entries[i].times > 0 && t->entries[i].id != id)
		i = (i + 1) & (t->capacity - 1);
	return &t->entries[i];
}

static bool grow(struct tally *t)
{
	struct tally larger = {.capacity = t->capacity ? 2 * t->capacity : FIRST,
			       .count = t->count};

	larger.entries = calloc(larger.capacity, sizeof(*larger.entries));
	if (!larger.entries)
		return false;
	for (size_t i = 0; i < t->capacity; i++) {
		if (t->entries[i].times > 0)
			*look_up(&larger, t->entries[i].id) = t->entries[i];
	}
	free(t->entries);
	*t = larger;
	return true;
}

bool tally_add(struct tally *t, uint64_t id, uint32_t times)
{
	struct tally_entry *entry;

	if (times == 0)
		return true;
	if (t->count >= t->capacity / 4 * 3 && !grow(t))
		return false;
	entry = look_up(t, id);
	t->count += entry->times == 0;
	entry->id = id;
	if (__builtin_add_overflow(entry->times, times, &entry->times))
		entry->times = UINT32_MAX;
	return true;
}

struct tally_entry *tally_find(const struct tally *t, uint64_t id)
{
	struct tally_entry *entry = t->count ? look_up(t, id) : NULL;

	return entry && entry->times > 0 ? entry : NULL;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t *tally_ids(const struct tally *t)
{
	uint64_t *ids = calloc(t->count + 1, sizeof(*ids));
	size_t n = 0;

	if (!ids)
		return NULL;
	for (size_t i = 0; i < t->capacity; i++) {
		if (t->entries[i].times > 0)
			ids[n++] = t->entries[i].id;
	}
	qsort(ids, n, sizeof(*ids), ascending);
	return ids;
}

void tally_free(struct tally *t)
{
	free(t->entries);
	*t = (struct tally){0};
}
