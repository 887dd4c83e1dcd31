#include "model/exclusive.h"

#include <stdlib.h>
#include <unistd.h>

enum { KIB = 1024 };

/* Bounds for one mapping, from smaps. */

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static bool know_all(const struct counters *c, const enum counter *needed, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!counters_know(c, needed[i]))
			return false;
	}
	return true;
}

/* The kernel rounds shares down to a kB, except for memory that is not shared. */
static uint64_t share_at_most(uint64_t share, bool shared)
{
	return shared ? share + KIB - 1 : share;
}

/* Each page that other processes have too counts at most half. */
static struct bounds of_swap(const struct counters *c)
{
	uint64_t swap = c->bytes[COUNTER_SWAP], pss = c->bytes[COUNTER_SWAP_PSS];

	if (!counters_know(c, COUNTER_SWAP_PSS))
		return (struct bounds){.high = swap};
	return (struct bounds){difference(swap, 2 * difference(swap, pss)),
			       lesser(swap, share_at_most(pss, pss < swap)), false};
}

/* File pages are never exclusive; in a private mapping of a file, any of the private pages may be
 * one. */
static struct bounds of_private(const struct mapping *m, const struct counters *c)
{
	const uint64_t *bytes = c->bytes;
	uint64_t shared = difference(bytes[COUNTER_RSS], bytes[COUNTER_USS]);
	uint64_t anonymous = bytes[COUNTER_ANONYMOUS];
	struct bounds swap = m->perms[3] == 's' ? (struct bounds){0} : of_swap(c);
	struct bounds b = {difference(anonymous, shared),
			   lesser(anonymous, share_at_most(bytes[COUNTER_PSS], shared > 0)), false};

	bounds_add(&b, swap.low, swap.high);
	return b;
}

/* A System V segment stays unless it is marked for removal. */
static struct bounds of_shmem(const struct mapping *m, const struct counters *c)
{
	const uint64_t *bytes = c->bytes;
	bool shared = bytes[COUNTER_USS] < bytes[COUNTER_RSS];
	bool named =
		m->name.len && m->name.ptr[0] == '/' && !slice_ends(m->name, SLICE(" (deleted)"));
	bool sysv = slice_begins(m->name, SLICE("/SYSV"));

	if (named)
		return (struct bounds){0};
	return (struct bounds){sysv ? 0 : bytes[COUNTER_USS],
			       share_at_most(bytes[COUNTER_PSS], shared) + bytes[COUNTER_SWAP],
			       false};
}

struct bounds exclusive_of_mapping(const struct mapping *m, const struct counters *counters,
				   enum kind kind)
{
	static const enum counter needed[] = {COUNTER_RSS, COUNTER_PSS, COUNTER_USS,
					      COUNTER_ANONYMOUS, COUNTER_SWAP};
	const struct ownership *own = &m->ownership;

	if (own->pages)
		return (struct bounds){own->alone, own->alone, false};
	if (own->object != OBJECT_UNKNOWN && m->perms[3] == 's')
		return (struct bounds){0};
	if (!know_all(counters, needed, sizeof(needed) / sizeof(*needed)))
		return (struct bounds){.unknown = true};
	return kind == KIND_SHMEM && own->object == OBJECT_UNKNOWN ? of_shmem(m, counters)
								   : of_private(m, counters);
}

/* Holdings of one process. */

/* Makes room for one more item in a list. */
static bool reserve(void *list, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity ? 2 * *capacity : 16;
	void **at = list, *larger;

	if (count < *capacity)
		return true;
	larger = reallocarray(*at, more, size);
	if (!larger)
		return false;
	*at = larger;
	*capacity = more;
	return true;
}

void holdings_reset(struct holdings *h)
{
	h->pages = NULL;
	h->span_count = h->use_count = 0;
	h->held = (struct held_objects){0};
}

void holdings_free(struct holdings *h)
{
	free(h->spans);
	free(h->uses);
}

static bool add_span(struct holdings *h, const struct mapping *m, uint32_t group)
{
	const uint64_t *bytes = m->counters.bytes;
	bool shared = bytes[COUNTER_SWAP_PSS] < bytes[COUNTER_SWAP];

	if (!reserve(&h->spans, h->span_count, &h->span_capacity, sizeof(*h->spans)))
		return false;
	h->pages = m->ownership.pages;
	h->spans[h->span_count++] = (struct page_span){
		.group = group,
		.first = m->ownership.first,
		.count = m->ownership.count,
		.swap_pss = bytes[COUNTER_SWAP_PSS],
		.swap_max = share_at_most(bytes[COUNTER_SWAP_PSS], shared),
	};
	return true;
}

static bool add_use(struct holdings *h, const struct mapping *m, uint32_t group)
{
	const uint64_t *bytes = m->counters.bytes;
	bool shared = bytes[COUNTER_USS] < bytes[COUNTER_RSS];
	bool certain = m->ownership.object == OBJECT_ENDS;

	if (!reserve(&h->uses, h->use_count, &h->use_capacity, sizeof(*h->uses)))
		return false;
	h->uses[h->use_count++] = (struct object_use){
		.group = group,
		.id = m->ownership.object_id,
		.certain = certain,
		.bytes = certain ? m->ownership.object_bytes
				 : bytes[COUNTER_RSS] + bytes[COUNTER_SWAP],
		.rss = bytes[COUNTER_RSS],
		.pss = share_at_most(bytes[COUNTER_PSS], shared),
	};
	return true;
}

bool holdings_add(struct holdings *h, const struct mapping *m, uint32_t group)
{
	const struct ownership *own = &m->ownership;

	return (!own->pages || own->count == 0 || group == NO_GROUP || add_span(h, m, group)) &&
	       ((own->object != OBJECT_ENDS && own->object != OBJECT_MAY_END) ||
		add_use(h, m, group));
}

/* All processes. */

void exclusive_init(struct exclusive *x, const struct grouping *by, struct aggregate *groups,
		    struct group *totals)
{
	*x = (struct exclusive){
		.by = by,
		.groups = groups,
		.totals = totals,
		.page_size = (uint64_t)sysconf(_SC_PAGESIZE),
	};
}

void exclusive_free(struct exclusive *x)
{
	for (uint32_t i = 0; i < x->row_capacity; i++)
		tally_free(&x->rows[i].pages);
	tally_free(&x->all.pages);
	free(x->rows);
	free(x->uses);
	free(x->holders);
	free(x->holder_rows);
}

static bool reserve_rows(struct exclusive *x)
{
	uint32_t capacity = x->groups->capacity;
	struct exclusive_row *larger;

	if (capacity <= x->row_capacity)
		return true;
	larger = reallocarray(x->rows, capacity, sizeof(*larger));
	if (!larger)
		return false;
	memset(larger + x->row_capacity, 0, (capacity - x->row_capacity) * sizeof(*larger));
	x->rows = larger;
	x->row_capacity = capacity;
	return true;
}

static uint32_t row_of(const struct exclusive *x, const struct record *r, uint32_t group)
{
	const struct group *g;

	if (group == NO_GROUP)
		return NO_GROUP;
	g = aggregate_find(x->groups, record_key(r, x->by, group));
	return g ? (uint32_t)(g - x->groups->groups) : NO_GROUP;
}

static bool add_pages(struct exclusive *x, uint32_t row, const struct record *r,
		      const struct page_span *span)
{
	const uint64_t *ids = r->holdings->pages->ids + span->first;
	struct exclusive_row *to = &x->rows[row];

	if (row == NO_GROUP)
		return true;
	for (size_t i = 0; i < span->count; i++) {
		if (!tally_add(&to->pages, ids[i], 1))
			return false;
	}
	to->swap_pss += span->swap_pss;
	to->swap_max += span->swap_max;
	return true;
}

static bool add_object_use(struct exclusive *x, const struct object_use *use, uint32_t row)
{
	if (!reserve(&x->uses, x->use_count, &x->use_capacity, sizeof(*x->uses)))
		return false;
	x->uses[x->use_count] = *use;
	x->uses[x->use_count++].group = row;
	return true;
}

/* Adds what the process has open; its rows start at `first`. */
static bool add_held(struct exclusive *x, const struct held_objects *held, size_t first)
{
	for (size_t i = 0; i < held->count; i++) {
		if (!reserve(&x->holders, x->holder_count, &x->holder_capacity,
			     sizeof(*x->holders)))
			return false;
		x->holders[x->holder_count++] = (struct holder){
			.id = held->list[i], .first = first, .count = x->holder_row_count - first};
	}
	x->unseen |= !held->known;
	return true;
}

static bool add_holder_rows(struct exclusive *x, const struct record *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		if (!reserve(&x->holder_rows, x->holder_row_count, &x->holder_row_capacity,
			     sizeof(*x->holder_rows)))
			return false;
		x->holder_rows[x->holder_row_count++] = row_of(x, r, i);
	}
	return true;
}

bool exclusive_add(struct exclusive *x, const struct record *r)
{
	const struct holdings *h = r->holdings;
	size_t first = x->holder_row_count;

	if (!h)
		return true;
	if (!reserve_rows(x))
		return false;
	for (size_t i = 0; i < h->span_count; i++) {
		if (!add_pages(x, row_of(x, r, h->spans[i].group), r, &h->spans[i]))
			return false;
	}
	for (size_t i = 0; i < h->use_count; i++) {
		uint32_t group = h->uses[i].group, row = row_of(x, r, group);

		/* Uses that the fold left out have been added already. */
		if ((group == NO_GROUP || row != NO_GROUP) && !add_object_use(x, &h->uses[i], row))
			return false;
	}
	return (h->held.count == 0 || add_holder_rows(x, r)) && add_held(x, &h->held, first);
}

bool exclusive_add_other(struct exclusive *x, const struct record *r)
{
	const struct holdings *h = r->holdings;

	if (!h)
		return true;
	for (size_t i = 0; i < h->use_count; i++) {
		if (!add_object_use(x, &h->uses[i], NO_GROUP))
			return false;
	}
	return add_held(x, &h->held, x->holder_row_count);
}

bool exclusive_has_objects(const struct exclusive *x)
{
	for (size_t i = 0; i < x->use_count; i++) {
		if (x->uses[i].group != NO_GROUP)
			return true;
	}
	return false;
}

/* Pages. */

/* Adds all rows together. */
static bool add_rows(struct exclusive *x)
{
	for (uint32_t row = 0; row < x->row_capacity; row++) {
		const struct tally *t = &x->rows[row].pages;

		for (size_t i = 0; i < t->capacity; i++) {
			if (!tally_add(&x->all.pages, t->entries[i].id, t->entries[i].times))
				return false;
		}
		x->all.swap_pss += x->rows[row].swap_pss;
		x->all.swap_max += x->rows[row].swap_max;
	}
	return true;
}

static bool ask_kernel(struct exclusive *x, frame_count_fn *count, void *ctx)
{
	uint64_t *ids = tally_ids(&x->all.pages);

	if (!ids)
		return false;
	for (size_t i = 0; i < x->all.pages.count && !(ids[i] & PAGE_ID_SWAPPED); i++) {
		uint64_t times = count(ctx, ids[i]);

		tally_find(&x->all.pages, ids[i])->kernel =
			times > UINT32_MAX ? UINT32_MAX : (uint32_t)times;
	}
	free(ids);
	return true;
}

/* The swapped pages of a row, in bytes. */
struct swapped {
	uint64_t pages, own; /* all of them, and those that no other row maps */
	uint64_t times;	     /* most mappings of any one page */
};

/*
 * The kernel does not say how often a swapped page is mapped, but the shares add up: if they add up
 * to all pages, nobody else maps any. Whatever is missing belongs to pages that others map too;
 * each such page lacks at least 1 / (times + 1) of its size.
 */
static struct bounds of_swapped(const struct swapped *s, const struct exclusive_row *row,
				bool all_is_whole)
{
	uint64_t missing = difference(s->pages, row->swap_pss), others;

	if (all_is_whole || row->swap_max >= s->pages)
		return (struct bounds){s->own, s->own, false};
	if (__builtin_mul_overflow(missing, s->times + 1, &others))
		others = s->pages;
	return (struct bounds){difference(s->pages, others), lesser(s->own, row->swap_max), false};
}

static void add_swapped(struct exclusive *x, const struct tally_entry *entry, struct swapped *s)
{
	const struct tally_entry *all = tally_find(&x->all.pages, entry->id);

	s->pages += x->page_size;
	s->own += all->times == entry->times ? x->page_size : 0;
	s->times = entry->times > s->times ? entry->times : s->times;
}

/* Must be called for all rows together first: if nobody else maps any of their swapped pages, each
 * row's own pages are known. */
static void conclude_pages(struct exclusive *x, const struct exclusive_row *row, struct bounds *sum)
{
	struct swapped swapped = {0};
	uint64_t resident = 0;
	struct bounds swap;

	for (size_t i = 0; i < row->pages.capacity; i++) {
		const struct tally_entry *entry = &row->pages.entries[i];
		uint32_t kernel;

		if (entry->times == 0)
			continue;
		if (entry->id & PAGE_ID_SWAPPED) {
			add_swapped(x, entry, &swapped);
			continue;
		}
		/* The zero page and the like have no count. */
		kernel = tally_find(&x->all.pages, entry->id)->kernel;
		if (kernel > 0 && kernel <= entry->times)
			resident += x->page_size;
	}
	if (row == &x->all)
		x->swap_is_whole = row->swap_max >= swapped.pages;
	swap = of_swapped(&swapped, row, x->swap_is_whole);
	bounds_add(sum, resident + swap.low, resident + swap.high);
}

/* Objects. */

static int compare_ids(const struct object_id *a, const struct object_id *b)
{
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->dev_major != b->dev_major)
		return a->dev_major < b->dev_major ? -1 : 1;
	return (a->dev_minor > b->dev_minor) - (a->dev_minor < b->dev_minor);
}

static int by_object_and_row(const void *a, const void *b)
{
	const struct object_use *x = a, *y = b;
	int order = compare_ids(&x->id, &y->id);

	return order ? order : (x->group > y->group) - (x->group < y->group);
}

static int by_object(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	return compare_ids(&x->id, &y->id);
}

static bool holds_in(const struct exclusive *x, const struct holder *h, uint32_t row)
{
	for (size_t i = 0; i < h->count; i++) {
		if (x->holder_rows[h->first + i] == row)
			return true;
	}
	return false;
}

/* Uses of one object, and the processes that have it open. */
struct sharing {
	const struct object_use *uses;
	size_t count;
	const struct holder *holders;
	size_t holder_count;
	uint64_t bytes, rss, pss; /* the two maxima, and the sum */
	bool certain;		  /* whether one of them is certain */
};

/* Whether a process outside a row (outside the report, for NO_GROUP) has the object open. */
static bool is_held_outside(const struct exclusive *x, const struct sharing *s, uint32_t row)
{
	for (size_t i = 0; i < s->holder_count; i++) {
		const struct holder *h = &s->holders[i];

		if (row == NO_GROUP ? h->count == 0 : !holds_in(x, h, row))
			return true;
	}
	return false;
}

/* Processes that cannot be examined are taken not to use the object, unless the shares of all known
 * mappings do not even add up to the resident part of one of them: then somebody else has pages of
 * it. */
static void add_object(const struct exclusive *x, const struct sharing *s, struct bounds *sum)
{
	bool shared = x->unseen && s->pss < s->rss;

	bounds_add(sum, shared || !s->certain ? 0 : s->bytes, s->bytes);
}

static void conclude_object(struct exclusive *x, const struct sharing *s)
{
	const struct object_use *first = &s->uses[0], *last = &s->uses[s->count - 1];

	/* A mapping outside of the report sorts last. */
	if (last->group == NO_GROUP)
		return;
	if (first->group == last->group && !is_held_outside(x, s, first->group))
		add_object(x, s, &x->groups->groups[first->group].exclusive);
	if (!is_held_outside(x, s, NO_GROUP))
		add_object(x, s, &x->totals->exclusive);
}

static void find_holders(const struct exclusive *x, struct sharing *s)
{
	const struct holder wanted = {.id = s->uses[0].id};
	const struct holder *end = x->holders + x->holder_count, *h;

	h = x->holder_count ? bsearch(&wanted, x->holders, x->holder_count, sizeof(*h), by_object)
			    : NULL;
	if (!h)
		return;
	while (h > x->holders && by_object(h - 1, &wanted) == 0)
		h--;
	for (s->holders = h; h < end && by_object(h, &wanted) == 0; h++)
		s->holder_count++;
}

static void conclude_objects(struct exclusive *x)
{
	if (x->use_count)
		qsort(x->uses, x->use_count, sizeof(*x->uses), by_object_and_row);
	if (x->holder_count)
		qsort(x->holders, x->holder_count, sizeof(*x->holders), by_object);
	for (size_t i = 0; i < x->use_count;) {
		struct sharing s = {.uses = &x->uses[i]};

		for (; i < x->use_count && object_id_equals(x->uses[i].id, s.uses->id); i++) {
			s.count++;
			s.bytes = x->uses[i].bytes > s.bytes ? x->uses[i].bytes : s.bytes;
			s.rss = x->uses[i].rss > s.rss ? x->uses[i].rss : s.rss;
			s.pss += x->uses[i].pss;
			s.certain |= x->uses[i].certain;
		}
		find_holders(x, &s);
		conclude_object(x, &s);
	}
}

bool exclusive_finish(struct exclusive *x, frame_count_fn *count, void *ctx)
{
	if (!add_rows(x) || !ask_kernel(x, count, ctx))
		return false;
	conclude_pages(x, &x->all, &x->totals->exclusive);
	for (uint32_t row = 0; row < x->row_capacity; row++) {
		if (x->rows[row].pages.count)
			conclude_pages(x, &x->rows[row], &x->groups->groups[row].exclusive);
	}
	conclude_objects(x);
	return true;
}
