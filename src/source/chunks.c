#include "source/chunks.h"

#include "source/fastbins.h"

/* Flags of a size. */
#define PREVIOUS_USED UINT64_C(1)
#define IS_MMAPPED    UINT64_C(2)
#define NOT_MAIN      UINT64_C(4)
#define FLAGS	      UINT64_C(7)

enum {
	ALIGNMENT = 16,
	HEADER = 16,
	LEAST = 32,	  /* the smallest chunk; a smaller one is the fence at the end of a heap */
	FREE_HEADER = 48, /* what malloc_trim(3) keeps of a free chunk */
	TRIES = 4,
	SURE = 16, /* this many chunks are no coincidence */
	RETRIES = 100,
	SHORT_WAY = 1024, /* chunks walked again after a break */
};

#define ARENA_HEAP UINT64_C(0x4000000)	/* alignment of the heaps of an arena */
#define GROWTH	   UINT64_C(0x10000000) /* growth of a heap since its mapping was read, at most */

struct header {
	uint64_t before, size;
};

/* Memory with consecutive chunks. */
struct region {
	uint64_t first; /* chunk */
	uint64_t end;	/* of the heap */
	uint64_t limit; /* memory after it is not counted */
	bool is_main;
};

enum walk {
	WALK_WHOLE,
	WALK_CUT,    /* the rest cannot be read */
	WALK_BROKEN, /* makes no sense */
};

/* A walk, at the chunk `at` with the header `h`. */
struct walker {
	struct memory_window *w;
	const struct region *region;
	uint64_t at, passed;
	struct header h;
	struct heap_use use;
};

static uint64_t round_up(uint64_t at, uint64_t unit)
{
	return (at + unit - 1) / unit * unit;
}

static uint64_t size_of(const struct header *h)
{
	return h->size & ~FLAGS;
}

static enum walk walk_of(enum window_status status)
{
	return status == WINDOW_DONE	 ? WALK_WHOLE
	       : status == WINDOW_ABSENT ? WALK_BROKEN
					 : WALK_CUT;
}

/* Present bytes of [start, end) that are counted. */
static uint64_t count(struct walker *k, uint64_t start, uint64_t end)
{
	return window_count(k->w, start, end < k->region->limit ? end : k->region->limit);
}

static void add_free(struct walker *k, uint64_t end, bool is_top)
{
	uint64_t mask = k->w->page_size - 1;

	k->use.free += count(k, k->at, end);
	if (!is_top || k->region->is_main)
		k->use.trimmable += count(k, (k->at + FREE_HEADER + mask) & ~mask, end & ~mask);
}

/* Whether the chunk that ends there is the top. If the heap has grown or shrunk meanwhile, the page
 * of the next header shows it. */
static bool is_top(struct walker *k, uint64_t end)
{
	return end == k->region->end || (k->passed >= SURE && end % k->w->page_size == 0 &&
					 window_page(k->w, end) == STATE_ABSENT && !k->w->spent);
}

/* Reads the header of the current chunk. */
static enum walk look(struct walker *k)
{
	return walk_of(window_read(k->w, k->at, &k->h, sizeof(k->h)));
}

/* The end of a heap whose arena continues in another, or where others have moved the break. */
static enum walk at_fence(struct walker *k)
{
	uint64_t size = size_of(&k->h);

	if (k->region->is_main)
		return WALK_CUT;
	if (size == 0 && k->at + HEADER != k->region->end)
		return WALK_BROKEN;
	k->use.used += count(k, k->at, k->at + HEADER);
	if (size == 0)
		return WALK_WHOLE;
	k->at += HEADER;
	return look(k);
}

/* Counts one chunk. WALK_WHOLE with `at` beyond the limit, or at the next chunk. */
static enum walk step(struct walker *k, bool *ended)
{
	const struct region *r = k->region;
	uint64_t size = size_of(&k->h), end = k->at + size;
	uint64_t wrong = IS_MMAPPED | (r->is_main ? NOT_MAIN : 0);
	struct header next;
	enum walk status;

	if (k->h.size & wrong || size % ALIGNMENT != 0 || size > r->end + GROWTH - k->at)
		return WALK_BROKEN;
	if (is_top(k, end)) {
		add_free(k, end, true);
		*ended = true;
		return WALK_WHOLE;
	}
	status = walk_of(window_read(k->w, end, &next, sizeof(next)));
	if (status != WALK_WHOLE)
		return status;
	if (next.size & PREVIOUS_USED)
		k->use.used += count(k, k->at, end);
	else if (next.before == size)
		add_free(k, end, false);
	else
		return WALK_BROKEN;
	*ended = end >= r->limit;
	k->at = end;
	k->h = next;
	k->passed++;
	return WALK_WHOLE;
}

static enum walk take(struct walker *k, bool *ended)
{
	uint64_t size = size_of(&k->h);

	if (size >= LEAST)
		return step(k, ended);
	if (size != 0 && size != HEADER)
		return WALK_BROKEN;
	*ended = size == 0;
	return at_fence(k);
}

/* Walks from the first chunk to the end. If the walk breaks because the program has changed the
 * heap, it is repeated from a chunk a little earlier. */
static enum walk walk(struct walker *k)
{
	struct walker before = *k;
	enum walk status = look(k);
	unsigned retries = 0;
	bool ended = false;

	if (status == WALK_WHOLE && !(k->h.size & PREVIOUS_USED))
		return WALK_BROKEN;
	while (status == WALK_WHOLE && !ended) {
		if (k->passed - before.passed >= SHORT_WAY)
			before = *k;
		status = take(k, &ended);
		if (status == WALK_BROKEN && before.passed > 0 && retries++ < RETRIES) {
			*k = before;
			ended = false;
			window_forget(k->w);
			status = look(k);
		}
	}
	return status == WALK_WHOLE && k->w->spent ? WALK_CUT : status;
}

static void add(struct heap_use *sum, const struct heap_use *part)
{
	sum->known = true;
	sum->used += part->used;
	sum->free += part->free;
	sum->trimmable += part->trimmable;
}

/* Adds what is certain about a region. False if it seems to contain no chunks. */
static bool walk_region(struct memory_window *w, const struct region *r, struct heap_use *use)
{
	enum walk status = WALK_BROKEN;
	struct walker k = {.w = w};

	for (unsigned i = 0; status == WALK_BROKEN && i < TRIES; i++) {
		k = (struct walker){.w = w, .region = r, .at = r->first};
		status = walk(&k);
		if (status == WALK_BROKEN)
			window_forget(w);
	}
	if (status == WALK_WHOLE || (status == WALK_CUT && k.passed >= SURE))
		add(use, &k.use);
	else if (status == WALK_BROKEN && k.passed < SURE)
		return false;
	use->partial |= status != WALK_WHOLE;
	return true;
}

/* Chunks in fastbins are free but marked as used. */
static void take_fastbins(struct memory_window *w, uint64_t lists, const struct region *r,
			  struct chunk_looks *looks, struct heap_use *use)
{
	uint64_t bytes = lists ? fastbins_count(w, lists, r->first, r->limit, &looks->links) : 0;

	if (bytes > use->used)
		return;
	use->used -= bytes;
	use->free += bytes;
	use->partial |= w->spent;
}

void chunks_of_heap(struct memory_window *w, uint64_t start, uint64_t end,
		    struct chunk_looks *looks, struct heap_use *use)
{
	const struct region r = {.first = start, .end = end, .limit = end, .is_main = true};

	if (walk_region(w, &r, use) && use->known)
		take_fastbins(w, fastbins_of_main(w, start, end), &r, looks, use);
}

/* Heaps of other arenas. */

struct arena_heap {
	uint64_t arena, before, size, accessible;
};

/* The arena's state follows the header of its first heap; a header has 32 bytes, or 48 from
 * glibc 2.35 on. */
static bool is_arena_heap(const struct arena_heap *h, uint64_t at, uint64_t page_size)
{
	uint64_t head = h->arena % ARENA_HEAP;

	return (head == 32 || head == 48) && h->before % ARENA_HEAP == 0 &&
	       (h->before == 0) == (h->arena - head == at) && h->size >= page_size &&
	       h->size <= h->accessible && h->accessible <= ARENA_HEAP &&
	       h->size % page_size == 0 && h->accessible % page_size == 0;
}

/* The first chunk of a heap, after its header and, in the first heap, the state of the arena. */
static uint64_t first_chunk(const struct arena_heap *heap, uint64_t at, uint64_t state_size)
{
	uint64_t head = heap->arena % ARENA_HEAP;

	return at + round_up(heap->before ? head : head + state_size, ALIGNMENT);
}

/* The end of the heap at an address; 0 if there is none. */
static uint64_t walk_arena_heap(struct memory_window *w, uint64_t at, uint64_t end,
				struct chunk_looks *looks, struct heap_use *use)
{
	/* Size of the state of an arena, from glibc 2.27 on and before, and the offset of its
	 * lists. */
	static const struct {
		uint64_t size, lists;
	} states[] = {{2200, 16}, {2192, 8}};
	struct heap_use found = {.known = false};
	struct arena_heap heap;
	struct region r;
	size_t i = 0;

	if (window_read(w, at, &heap, sizeof(heap)) != WINDOW_DONE ||
	    !is_arena_heap(&heap, at, w->page_size))
		return 0;
	r = (struct region){.end = at + heap.size};
	r.limit = r.end < end ? r.end : end;
	do
		r.first = first_chunk(&heap, at, states[i].size);
	while (!walk_region(w, &r, &found) && ++i < sizeof(states) / sizeof(*states));
	if (found.known) {
		found.used += window_count(w, at, r.first);
		take_fastbins(w, heap.arena + states[i].lists, &r, looks, &found);
		add(use, &found);
	}
	use->partial |= found.partial || !found.known;
	return at + heap.accessible < end ? at + heap.accessible : end;
}

/* Chunks from mmap(2). */

/* The end of the mmapped chunk at an address; 0 if there is none. */
static uint64_t end_of_mapped(struct memory_window *w, uint64_t at, uint64_t end)
{
	struct header h;

	if (window_read(w, at, &h, sizeof(h)) != WINDOW_DONE || h.before != 0 ||
	    (h.size & FLAGS) != IS_MMAPPED || size_of(&h) == 0 || size_of(&h) % w->page_size != 0 ||
	    size_of(&h) > end - at)
		return 0;
	return at + size_of(&h);
}

/* The end of consecutive mmapped chunks; 0 if there are none. A single one may be anything, unless
 * it is as large as its mapping: whether it is a chunk stays unknown. */
static uint64_t walk_mapped(struct memory_window *w, uint64_t at, uint64_t end,
			    struct heap_use *use)
{
	uint64_t last = at, next = end_of_mapped(w, at, end);
	size_t chunks = 0;

	for (; next != 0; chunks++) {
		last = next;
		next = last < end ? end_of_mapped(w, last, end) : 0;
	}
	use->partial |= chunks == 1 && last != end;
	if (chunks == 0 || (chunks == 1 && last != end))
		return 0;
	add(use, &(struct heap_use){.used = window_count(w, at, last)});
	return last;
}

/* Where the next one may begin, since the kernel merges neighbours: at any page, but in large
 * memory only where an arena can begin. */
static uint64_t next_place(struct memory_window *w, uint64_t at, uint64_t end,
			   struct chunk_looks *looks)
{
	uint64_t next = at + w->page_size;

	if (looks->probes > 0) {
		looks->probes--;
		return window_next(w, next, end);
	}
	while (next < end && next % ARENA_HEAP != 0)
		next = window_next(w, round_up(next, ARENA_HEAP), end);
	return next;
}

void chunks_of_maps(struct memory_window *w, uint64_t start, uint64_t end,
		    struct chunk_looks *looks, struct heap_use *use)
{
	uint64_t at = start;

	while (at < end && !w->spent) {
		uint64_t next = at % ARENA_HEAP == 0 ? walk_arena_heap(w, at, end, looks, use) : 0;

		next = next ? next : walk_mapped(w, at, end, use);
		at = next ? next : next_place(w, at, end, looks);
	}
}
