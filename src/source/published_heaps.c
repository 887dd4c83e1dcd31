#include "source/published_heaps.h"

#include "label/heaps.h"
#include "source/memory_window.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct published_heaps {
	struct memory_window window;
	struct stage next;
	size_t count;
	struct heaps_entry entries[HEAPS_LIMIT]; /* `used` is what no mapping has yet */
};

/* The table */

static bool is_table(const struct mapping *m)
{
	return m->end - m->start >= sizeof(struct heaps_table) && m->perms[3] == 'p' &&
	       slice_equals(m->name, SLICE(HEAPS_SHOWN));
}

static bool read_head(struct published_heaps *h, uint64_t at, struct heaps_head *head)
{
	return window_read(&h->window, at, head, sizeof(*head)) == WINDOW_DONE &&
	       head->magic == HEAPS_MAGIC && head->size == sizeof(struct heaps_table) &&
	       head->count <= HEAPS_LIMIT;
}

/* Adds what was handed out since the table was written, and takes away what was freed, as far as it
 * is whole pages. */
static void bring_up_to_date(struct published_heaps *h, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct heaps_entry *e = &h->entries[i];
		uint64_t now, change;

		if (e->pages_now == 0 ||
		    window_read(&h->window, e->pages_now, &now, sizeof(now)) != WINDOW_DONE ||
		    now > UINT64_MAX / HEAPS_PAGE || e->pages > UINT64_MAX / HEAPS_PAGE)
			continue;
		change = (now > e->pages ? now - e->pages : e->pages - now) * HEAPS_PAGE;
		if (now < e->pages)
			e->used -= change < e->used ? change : e->used;
		else if (change <= UINT64_MAX - e->used)
			e->used += change;
	}
}

/* As it was at one moment, if it had one while we looked. */
static bool read_table(struct published_heaps *h, uint64_t at)
{
	const uint64_t entries = at + offsetof(struct heaps_table, entries);
	struct heaps_head before, after;

	window_forget(&h->window);
	if (!read_head(h, at, &before))
		return false;
	for (uint32_t i = 0; i < before.count; i++) {
		if (window_read(&h->window, entries + i * sizeof(*h->entries), &h->entries[i],
				sizeof(*h->entries)) != WINDOW_DONE)
			return false;
	}
	bring_up_to_date(h, before.count);
	window_forget(&h->window);
	if (!read_head(h, at, &after) || after.changes != before.changes || before.changes % 2)
		return false;
	h->count = before.count;
	return true;
}

/* Mappings */

static struct heaps_entry *find_entry(struct published_heaps *h, struct slice label)
{
	static const struct slice start = SLICE_INIT("[anon:");

	if (!slice_begins(label, SLICE("[anon:malloc: ")))
		return NULL;
	label.ptr += start.len;
	label.len -= start.len + 1; /* ] */
	for (size_t i = 0; i < h->count; i++) {
		const struct slice name = {h->entries[i].name,
					   strnlen(h->entries[i].name, sizeof(h->entries[i].name))};

		if (slice_equals(label, name))
			return &h->entries[i];
	}
	return NULL;
}

/* A heap has several mappings: which of them has what is not told, so the first have most. */
static void give(struct heaps_entry *e, struct mapping *m)
{
	uint64_t there = m->counters.bytes[COUNTER_RSS];

	if (!counters_know(&m->counters, COUNTER_RSS))
		return;
	if (counters_know(&m->counters, COUNTER_SWAP))
		there += m->counters.bytes[COUNTER_SWAP];
	m->heap.known = true;
	m->heap.used = e->used < there ? e->used : there;
	m->heap.free = there - m->heap.used;
	e->used -= m->heap.used;
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	enum { TRIES = 4 };
	struct published_heaps *h = ctx;
	struct mapping seen = *m;
	struct heaps_entry *entry;

	if (is_table(m)) {
		for (unsigned i = 0; i < TRIES && !read_table(h, m->start); i++)
			;
		return stage_take(h->next, m, e);
	}
	entry = h->count ? find_entry(h, m->name) : NULL;
	if (entry)
		give(entry, &seen);
	return stage_take(h->next, &seen, e);
}

struct published_heaps *published_heaps_new(void)
{
	return calloc(1, sizeof(struct published_heaps));
}

void published_heaps_free(struct published_heaps *h)
{
	free(h);
}

struct stage published_heaps_begin(struct published_heaps *h, struct process_memory *memory,
				   struct stage next)
{
	h->next = next;
	h->count = 0;
	window_begin(&h->window, memory);
	return (struct stage){take, h};
}
