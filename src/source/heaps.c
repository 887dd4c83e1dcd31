#include "source/heaps.h"

#include "source/chunks.h"

#include <stdlib.h>

struct heaps {
	const struct content_signs *signs; /* or NULL */
	struct memory_window window;
	struct stage next;
	struct chunk_looks looks;
};

/* Memory of glibc's malloc can be unnamed, or named by the kernel, by glibc, or after the library
 * that mapped it (anonmem run). */
static bool may_be_malloc(struct slice name)
{
	return name.len == 0 || slice_equals(name, SLICE("[heap]")) ||
	       slice_begins(name, SLICE("[anon: glibc: malloc")) ||
	       slice_equals(name, SLICE("[anon:libc.so.6]"));
}

static bool is_empty(const struct counters *c)
{
	return counters_know(c, COUNTER_RSS) && counters_know(c, COUNTER_SWAP) &&
	       c->bytes[COUNTER_RSS] == 0 && c->bytes[COUNTER_SWAP] == 0;
}

static bool is_candidate(const struct mapping *m)
{
	return !m->heap.known && !m->is_monitored &&
	       slice_begins(slice_of(m->perms), SLICE("rw")) && m->perms[3] == 'p' &&
	       !mapping_has_inode(m) && may_be_malloc(m->name) && !is_empty(&m->counters);
}

/* Signs may have found parts of a mapping already. If a chunk is only likely, its end proves
 * nothing, since the part was made to end there. */
static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct heaps *h = ctx;
	enum content_malloc belief = m->guess ? h->signs->malloc_of(m->guess) : MALLOC_SURELY;
	struct mapping seen = *m;

	if (!is_candidate(m) || belief == MALLOC_NOT)
		return stage_take(h->next, m, e);
	if (belief == MALLOC_MAYBE)
		seen.heap.partial = true;
	else if (slice_equals(m->name, SLICE("[heap]")))
		chunks_of_heap(&h->window, m->start, m->end, &h->looks, &seen.heap);
	else
		chunks_of_maps(&h->window, m->start, m->end, &h->looks, &seen.heap);
	return stage_take(h->next, &seen, e);
}

struct heaps *heaps_new(void)
{
	return calloc(1, sizeof(struct heaps));
}

void heaps_free(struct heaps *h)
{
	free(h);
}

struct stage heaps_begin(struct heaps *h, struct process_memory *memory, struct stage next)
{
	h->next = next;
	h->signs = memory->io->reading.signs;
	h->looks = (struct chunk_looks){.probes = 1 << 13, .links = 1 << 14};
	window_begin(&h->window, memory);
	return (struct stage){take, h};
}
