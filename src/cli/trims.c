#include "cli/trims.h"

#include <stdlib.h>

const char trim_advice[] = "Call malloc_trim(3), or lower MALLOC_ARENA_MAX or "
			   "MALLOC_TRIM_THRESHOLD_ in the environment; see mallopt(3).";

/* Worth reporting: at least this many bytes, and this part of the memory of a program. */
#define WORTH_BYTES (UINT64_C(10) << 20)
enum { WORTH_PART = 10 };

static struct trim *find(struct trims *t, const char *name)
{
	struct trim *larger;

	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->list[i].name, name) == 0)
			return &t->list[i];
	}
	larger = reallocarray(t->list, t->count + 1, sizeof(*larger));
	if (!larger)
		return NULL;
	t->list = larger;
	larger[t->count] = (struct trim){.name = strdup(name)};
	return larger[t->count].name ? &larger[t->count++] : NULL;
}

bool trims_add(struct trims *t, const struct record *r, const char *name)
{
	struct heap_use heap = {.known = false};
	uint64_t anonymous = 0;
	struct trim *trim;

	for (uint32_t i = 0; i < r->count; i++) {
		const struct group *g = &r->groups[i];

		heap_use_add(&heap, &g->heap);
		anonymous += g->counters.bytes[COUNTER_ANONYMOUS] + g->counters.bytes[COUNTER_SWAP];
	}
	if (!heap.known)
		return true;
	trim = find(t, name);
	if (!trim)
		return false;
	trim->processes++;
	trim->anonymous += anonymous;
	heap_use_add(&trim->heap, &heap);
	return true;
}

static int by_size(const void *a, const void *b)
{
	const struct trim *x = a, *y = b;

	if (x->heap.trimmable != y->heap.trimmable)
		return x->heap.trimmable > y->heap.trimmable ? -1 : 1;
	return strcmp(x->name, y->name);
}

void trims_finish(struct trims *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct trim *trim = &t->list[i];
		uint64_t bytes = trim->heap.trimmable;

		if (bytes > WORTH_BYTES && bytes > trim->anonymous / WORTH_PART)
			t->list[kept++] = *trim;
		else
			free(trim->name);
	}
	t->count = kept;
	if (kept)
		qsort(t->list, kept, sizeof(*t->list), by_size);
}

void trims_free(struct trims *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->list[i].name);
	free(t->list);
}
