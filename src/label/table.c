#include "label/table.h"

#include <string.h>

/* A range, or where one would stand. */
struct spot {
	uint32_t at; /* in the order of blocks */
	uint32_t i;  /* in the block */
};

/* Readers see the odd number before what changes, and the even one after it. It is odd already if a
 * change was left unfinished. */
static void begin_change(uint32_t *changes)
{
	__atomic_store_n(changes, *changes | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end_change(uint32_t *changes)
{
	__atomic_store_n(changes, *changes + 1, __ATOMIC_RELEASE);
}

static void order_blocks(struct layout *t)
{
	for (unsigned i = 0; i < LAYOUT_BLOCKS; i++)
		t->head.order[i] = (uint16_t)i;
}

void table_empty(struct layout *t)
{
	begin_change(&t->head.changes);
	order_blocks(t);
	t->head.blocks = 0;
	t->head.free = 0;
	for (uint32_t i = 0; i < t->head.names; i++)
		t->names[i].references = 0;
	t->head.names = 0;
	memset(t->buckets, 0, sizeof(t->buckets));
	end_change(&t->head.changes);
}

void table_init(struct layout *t)
{
	t->head.size = sizeof(*t);
	order_blocks(t);
	__atomic_store_n(&t->head.magic, LAYOUT_MAGIC, __ATOMIC_RELEASE);
}

void table_copy(struct layout *to, const struct layout *from)
{
	struct layout_head *head = &to->head;

	head->size = sizeof(*to);
	head->is_copy = true;
	head->blocks = from->head.blocks;
	head->names = from->head.names;
	head->free = from->head.free;
	memcpy(head->order, from->head.order, sizeof(head->order));
	for (uint32_t i = 0; i < head->blocks; i++)
		to->blocks[head->order[i]] = from->blocks[head->order[i]];
	memcpy(to->names, from->names, head->names * sizeof(*to->names));
	memcpy(to->buckets, from->buckets, sizeof(to->buckets));
	__atomic_store_n(&head->magic, LAYOUT_MAGIC, __ATOMIC_RELEASE);
}

/* Names. */

static uint32_t *bucket_of(struct layout *t, const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return &t->buckets[(hash ^ hash >> 16) % LAYOUT_BUCKETS];
}

static struct layout_name *name_of(struct layout *t, uint32_t name)
{
	return &t->names[name % LAYOUT_NAMES];
}

static uint32_t reference(struct layout *t, uint32_t place)
{
	t->names[place].references++;
	return t->names[place].generation << 16 | place;
}

/* Finds a name or stores it, and counts one more use; 0 if there is no room. */
static uint32_t take_name(struct layout *t, const char *text)
{
	uint32_t *bucket = bucket_of(t, text), place;
	struct layout_name *n;

	for (uint32_t next = *bucket; next; next = t->names[next - 1].next) {
		if (strcmp(t->names[next - 1].text, text) == 0)
			return reference(t, next - 1);
	}
	if (!t->head.free && t->head.names == LAYOUT_NAMES)
		return 0;
	place = t->head.free ? t->head.free - 1 : t->head.names++;
	n = &t->names[place];
	if (t->head.free)
		t->head.free = n->next;
	n->generation = n->generation % UINT16_MAX + 1;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(n->text, text, sizeof(n->text));
	n->next = *bucket;
	*bucket = place + 1;
	return reference(t, place);
}

static void drop_name(struct layout *t, uint32_t name)
{
	struct layout_name *n = name_of(t, name);
	uint32_t place = (uint32_t)(n - t->names), *link;

	if (--n->references > 0)
		return;
	for (link = bucket_of(t, n->text); *link != place + 1; link = &t->names[*link - 1].next)
		;
	*link = n->next;
	n->next = t->head.free;
	t->head.free = place + 1;
}

/* Ranges. */

static struct layout_block *block_at(struct layout *t, uint32_t at)
{
	return &t->blocks[t->head.order[at]];
}

static bool is_range(const struct layout *t, struct spot s)
{
	return s.at < t->head.blocks;
}

static struct layout_range *range_at(struct layout *t, struct spot s)
{
	return &block_at(t, s.at)->ranges[s.i];
}

/* The first range that ends behind an address. */
static struct spot find(struct layout *t, uint64_t address)
{
	struct spot s = {0, 0};
	uint32_t high = t->head.blocks;

	while (s.at < high) {
		uint32_t middle = (s.at + high) / 2;
		const struct layout_block *b = block_at(t, middle);

		if (b->ranges[b->count - 1].end <= address)
			s.at = middle + 1;
		else
			high = middle;
	}
	if (!is_range(t, s))
		return s;
	high = block_at(t, s.at)->count;
	while (s.i < high) {
		uint32_t middle = (s.i + high) / 2;

		if (block_at(t, s.at)->ranges[middle].end <= address)
			s.i = middle + 1;
		else
			high = middle;
	}
	return s;
}

static void change(struct layout *t, struct spot s, uint64_t start, uint64_t end)
{
	struct layout_block *b = block_at(t, s.at);

	begin_change(&b->changes);
	b->ranges[s.i].start = start;
	b->ranges[s.i].end = end;
	end_change(&b->changes);
}

/* A free block comes into the order at `at`. The head is being changed. */
static struct layout_block *add_block(struct layout *t, uint32_t at)
{
	uint16_t *order = t->head.order, block = order[t->head.blocks];

	memmove(order + at + 1, order + at, (t->head.blocks - at) * sizeof(*order));
	order[at] = block;
	t->head.blocks++;
	t->blocks[block].count = 0;
	return &t->blocks[block];
}

static void remove_block(struct layout *t, uint32_t at)
{
	uint16_t *order = t->head.order, block = order[at];

	t->head.blocks--;
	memmove(order + at, order + at + 1, (t->head.blocks - at) * sizeof(*order));
	order[t->head.blocks] = block;
}

/* Makes room in a full block: at its ends by a new block, so that ranges which come in order fill
 * theirs; else by halves. */
static struct spot divide(struct layout *t, struct spot s)
{
	struct layout_block *full = block_at(t, s.at), *added;
	uint32_t kept = s.i == 0 || s.i == full->count ? s.i : full->count / 2;

	begin_change(&t->head.changes);
	added = add_block(t, kept ? s.at + 1 : s.at);
	if (kept) {
		added->count = full->count - kept;
		memcpy(added->ranges, full->ranges + kept, added->count * sizeof(*added->ranges));
		full->count = kept;
	}
	end_change(&t->head.changes);
	if (kept && s.i >= kept)
		return (struct spot){s.at + 1, s.i - kept};
	return s;
}

static void insert(struct layout *t, struct spot s, const struct layout_range *range)
{
	struct layout_block *b;

	if (t->head.blocks == 0) {
		begin_change(&t->head.changes);
		add_block(t, 0);
		end_change(&t->head.changes);
	} else if (s.i == 0 && s.at > 0) { /* behind the last range before */
		s.at--;
		s.i = block_at(t, s.at)->count;
	}
	if (block_at(t, s.at)->count == LAYOUT_RANGES)
		s = divide(t, s);
	b = block_at(t, s.at);
	begin_change(&b->changes);
	memmove(b->ranges + s.i + 1, b->ranges + s.i, (b->count - s.i) * sizeof(*b->ranges));
	b->ranges[s.i] = *range;
	b->count++;
	end_change(&b->changes);
}

/* Takes out a range and gives the place of the next one. */
static struct spot take_out(struct layout *t, struct spot s)
{
	struct layout_block *b = block_at(t, s.at);

	drop_name(t, b->ranges[s.i].name);
	begin_change(b->count == 1 ? &t->head.changes : &b->changes);
	if (b->count == 1) {
		remove_block(t, s.at);
		end_change(&t->head.changes);
		return (struct spot){s.at, 0};
	}
	b->count--;
	memmove(b->ranges + s.i, b->ranges + s.i + 1, (b->count - s.i) * sizeof(*b->ranges));
	end_change(&b->changes);
	return s.i < b->count ? s : (struct spot){s.at + 1, 0};
}

/* For one range more in a block. */
static bool has_room(struct layout *t, struct spot s)
{
	return block_at(t, s.at)->count < LAYOUT_RANGES || t->head.blocks < LAYOUT_BLOCKS;
}

/* Leaves no range in [start, end), and gives the place where one can come in. */
static struct spot cut_out(struct layout *t, uint64_t start, uint64_t end)
{
	struct spot s = find(t, start);

	if (is_range(t, s) && range_at(t, s)->start < start) {
		struct layout_range rest = *range_at(t, s);

		change(t, s, rest.start, start);
		if (rest.end > end && has_room(t, s)) {
			rest.start = end;
			name_of(t, rest.name)->references++;
			s.i++;
			insert(t, s, &rest);
		}
		s = find(t, start);
	}
	while (is_range(t, s) && range_at(t, s)->end <= end)
		s = take_out(t, s);
	if (is_range(t, s) && range_at(t, s)->start < end)
		change(t, s, end, range_at(t, s)->end);
	return s;
}

static bool are_alike(const struct layout_range *a, const struct layout_range *b)
{
	return a->end == b->start && a->name == b->name && a->inode == b->inode;
}

/* Puts a range into a gap, or makes it one with its neighbours. */
static void put(struct layout *t, struct spot s, struct layout_range *range)
{
	struct spot before = find(t, range->start ? range->start - 1 : 0);

	if (is_range(t, s) && are_alike(range, range_at(t, s))) {
		range->end = range_at(t, s)->end;
		take_out(t, s);
		s = find(t, range->start);
	}
	if (is_range(t, before) && are_alike(range_at(t, before), range)) {
		change(t, before, range_at(t, before)->start, range->end);
		drop_name(t, range->name);
		return;
	}
	insert(t, s, range);
}

bool table_set(struct layout *t, uint64_t start, uint64_t end, uint32_t inode, const char *name)
{
	enum { NEW_BLOCKS = 2 }; /* at most: for what is left of a range that is cut in two */
	struct layout_range range = {.start = start, .end = end, .inode = inode};
	struct spot s;

	if (start >= end)
		return true;
	if (name && t->head.blocks + NEW_BLOCKS > LAYOUT_BLOCKS)
		return false;
	if (name) {
		range.name = take_name(t, name);
		if (!range.name)
			return false;
	}
	s = cut_out(t, start, end);
	if (name)
		put(t, s, &range);
	return true;
}

uint64_t table_find(struct layout *t, uint64_t address, uint32_t *inode)
{
	struct spot s = find(t, address);

	if (!is_range(t, s) || range_at(t, s)->start > address)
		return 0;
	*inode = range_at(t, s)->inode;
	return range_at(t, s)->end;
}

/* Gives [start, end) the name at an address, if it has one. */
static void extend(struct layout *t, uint64_t address, uint64_t start, uint64_t end)
{
	struct spot s = find(t, address);
	const struct layout_range *r = is_range(t, s) ? range_at(t, s) : NULL;

	if (r && r->start <= address)
		table_set(t, start, end, r->inode, name_of(t, r->name)->text);
}

static void copy(struct layout *t, uint64_t from, uint64_t end, uint64_t to)
{
	uint64_t at = from;
	struct spot s;

	while (s = find(t, at), is_range(t, s) && range_at(t, s)->start < end) {
		struct layout_range r = *range_at(t, s);

		r.start = r.start > at ? r.start : at;
		at = r.end < end ? r.end : end;
		table_set(t, to + (r.start - from), to + (at - from), r.inode,
			  name_of(t, r.name)->text);
		if (at == end)
			break;
	}
}

void table_move(struct layout *t, uint64_t from, uint64_t from_len, uint64_t to, uint64_t to_len,
		bool stays)
{
	uint64_t moved = from_len < to_len ? from_len : to_len;

	table_set(t, from == to ? to + moved : to, to + to_len, 0, NULL);
	if (from != to)
		copy(t, from, from + moved, to);
	if (to_len > from_len)
		extend(t, from_len ? from + from_len - 1 : from, to + from_len, to + to_len);
	if (from == to)
		table_set(t, to + moved, from + from_len, 0, NULL);
	else if (!stays)
		table_set(t, from, from + from_len, 0, NULL);
}
