#include "label/table.h"

#include "label/room.h"

#include <string.h>

/* The position of a range, or where one would go. */
struct position {
	uint32_t at; /* index in the order of blocks */
	uint32_t i;  /* index in the block */
};

/* Readers see the odd number before any change, and the even one after it. The number is odd
 * already if a change was left unfinished. */
static void seq_write_begin(uint32_t *changes)
{
	__atomic_store_n(changes, *changes | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void seq_write_end(uint32_t *changes)
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
	seq_write_begin(&t->head.changes);
	order_blocks(t);
	t->head.blocks = 0;
	t->head.free = 0;
	for (uint32_t i = 0; i < t->head.names; i++)
		t->names[i].references = 0;
	t->head.names = 0;
	memset(t->buckets, 0, sizeof(t->buckets));
	seq_write_end(&t->head.changes);
}

void table_init(struct layout *t)
{
	t->head.size = sizeof(*t);
	order_blocks(t);
	__atomic_store_n(&t->head.magic, LAYOUT_MAGIC, __ATOMIC_RELEASE);
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

static uint32_t reference(struct layout *t, uint32_t slot)
{
	t->names[slot].references++;
	return t->names[slot].generation << 16 | slot;
}

/* Finds or stores a name, and takes a reference; 0 if there is no room. */
static uint32_t take_name(struct layout *t, const char *text)
{
	uint32_t *bucket = bucket_of(t, text), slot;
	struct layout_name *n;

	for (uint32_t next = *bucket; next; next = t->names[next - 1].next) {
		if (strcmp(t->names[next - 1].text, text) == 0)
			return reference(t, next - 1);
	}
	if (!t->head.free && !room_for_names(t, t->head.names + 1))
		return 0;
	slot = t->head.free ? t->head.free - 1 : t->head.names++;
	n = &t->names[slot];
	if (t->head.free)
		t->head.free = n->next;
	n->generation = n->generation % UINT16_MAX + 1;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(n->text, text, sizeof(n->text));
	n->next = *bucket;
	*bucket = slot + 1;
	return reference(t, slot);
}

static void drop_name(struct layout *t, uint32_t name)
{
	struct layout_name *n = name_of(t, name);
	uint32_t slot = (uint32_t)(n - t->names), *link;

	if (--n->references > 0)
		return;
	for (link = bucket_of(t, n->text); *link != slot + 1; link = &t->names[*link - 1].next)
		;
	*link = n->next;
	n->next = t->head.free;
	t->head.free = slot + 1;
}

/* Ranges. */

static struct layout_block *block_at(struct layout *t, uint32_t at)
{
	return &t->blocks[t->head.order[at]];
}

static bool is_range(const struct layout *t, struct position pos)
{
	return pos.at < t->head.blocks;
}

static struct layout_range *range_at(struct layout *t, struct position pos)
{
	return &block_at(t, pos.at)->ranges[pos.i];
}

/* The first range that ends after an address. */
static struct position find(struct layout *t, uint64_t address)
{
	struct position pos = {0, 0};
	uint32_t high = t->head.blocks;

	while (pos.at < high) {
		uint32_t middle = (pos.at + high) / 2;
		const struct layout_block *b = block_at(t, middle);

		if (b->ranges[b->count - 1].end <= address)
			pos.at = middle + 1;
		else
			high = middle;
	}
	if (!is_range(t, pos))
		return pos;
	high = block_at(t, pos.at)->count;
	while (pos.i < high) {
		uint32_t middle = (pos.i + high) / 2;

		if (block_at(t, pos.at)->ranges[middle].end <= address)
			pos.i = middle + 1;
		else
			high = middle;
	}
	return pos;
}

static void change(struct layout *t, struct position pos, uint64_t start, uint64_t end)
{
	struct layout_block *b = block_at(t, pos.at);

	seq_write_begin(&b->changes);
	b->ranges[pos.i].start = start;
	b->ranges[pos.i].end = end;
	seq_write_end(&b->changes);
}

/* Inserts a free block at `at` in the order. A change of the head must have begun. */
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

/* Makes room in a full block: at its ends with a new block, so that ranges added in order fill
 * their blocks; otherwise by splitting it in half. */
static struct position divide(struct layout *t, struct position pos)
{
	struct layout_block *full = block_at(t, pos.at), *added;
	uint32_t kept = pos.i == 0 || pos.i == full->count ? pos.i : full->count / 2;

	seq_write_begin(&t->head.changes);
	added = add_block(t, kept ? pos.at + 1 : pos.at);
	if (kept) {
		added->count = full->count - kept;
		memcpy(added->ranges, full->ranges + kept, added->count * sizeof(*added->ranges));
		full->count = kept;
	}
	seq_write_end(&t->head.changes);
	if (kept && pos.i >= kept)
		return (struct position){pos.at + 1, pos.i - kept};
	return pos;
}

static void insert(struct layout *t, struct position pos, const struct layout_range *range)
{
	struct layout_block *b;

	if (t->head.blocks == 0) {
		seq_write_begin(&t->head.changes);
		add_block(t, 0);
		seq_write_end(&t->head.changes);
	} else if (pos.i == 0 && pos.at > 0) { /* after the last range of the previous block */
		pos.at--;
		pos.i = block_at(t, pos.at)->count;
	}
	if (block_at(t, pos.at)->count == LAYOUT_RANGES)
		pos = divide(t, pos);
	b = block_at(t, pos.at);
	seq_write_begin(&b->changes);
	memmove(b->ranges + pos.i + 1, b->ranges + pos.i, (b->count - pos.i) * sizeof(*b->ranges));
	b->ranges[pos.i] = *range;
	b->count++;
	seq_write_end(&b->changes);
}

/* Removes a range and returns the position of the next one. */
static struct position take_out(struct layout *t, struct position pos)
{
	struct layout_block *b = block_at(t, pos.at);

	drop_name(t, b->ranges[pos.i].name);
	seq_write_begin(b->count == 1 ? &t->head.changes : &b->changes);
	if (b->count == 1) {
		remove_block(t, pos.at);
		seq_write_end(&t->head.changes);
		return (struct position){pos.at, 0};
	}
	b->count--;
	memmove(b->ranges + pos.i, b->ranges + pos.i + 1, (b->count - pos.i) * sizeof(*b->ranges));
	seq_write_end(&b->changes);
	return pos.i < b->count ? pos : (struct position){pos.at + 1, 0};
}

/* Whether there is room for one more range in a block. */
static bool has_room(struct layout *t, struct position pos)
{
	return block_at(t, pos.at)->count < LAYOUT_RANGES || room_for_blocks(t, t->head.blocks + 1);
}

/* Clears [start, end), and returns the position where a range can be inserted. */
static struct position cut_out(struct layout *t, uint64_t start, uint64_t end)
{
	struct position pos = find(t, start);

	if (is_range(t, pos) && range_at(t, pos)->start < start) {
		struct layout_range rest = *range_at(t, pos);

		change(t, pos, rest.start, start);
		if (rest.end > end && has_room(t, pos)) {
			rest.start = end;
			name_of(t, rest.name)->references++;
			pos.i++;
			insert(t, pos, &rest);
		}
		pos = find(t, start);
	}
	while (is_range(t, pos) && range_at(t, pos)->end <= end)
		pos = take_out(t, pos);
	if (is_range(t, pos) && range_at(t, pos)->start < end)
		change(t, pos, end, range_at(t, pos)->end);
	return pos;
}

static bool are_alike(const struct layout_range *a, const struct layout_range *b)
{
	return a->end == b->start && a->name == b->name && a->inode == b->inode;
}

/* Inserts a range into a gap, or merges it with its neighbours. */
static void put(struct layout *t, struct position pos, struct layout_range *range)
{
	struct position before = find(t, range->start ? range->start - 1 : 0);

	if (is_range(t, pos) && are_alike(range, range_at(t, pos))) {
		range->end = range_at(t, pos)->end;
		take_out(t, pos);
		pos = find(t, range->start);
	}
	if (is_range(t, before) && are_alike(range_at(t, before), range)) {
		change(t, before, range_at(t, before)->start, range->end);
		drop_name(t, range->name);
		return;
	}
	insert(t, pos, range);
}

bool table_set(struct layout *t, uint64_t start, uint64_t end, uint32_t inode, const char *name)
{
	enum { NEW_BLOCKS = 2 }; /* at most: for the rest of a range that is cut in two */
	struct layout_range range = {.start = start, .end = end, .inode = inode};
	struct position pos;

	if (start >= end)
		return true;
	if (name && !room_for_blocks(t, t->head.blocks + NEW_BLOCKS))
		return false;
	if (name) {
		range.name = take_name(t, name);
		if (!range.name)
			return false;
	}
	pos = cut_out(t, start, end);
	if (name)
		put(t, pos, &range);
	return true;
}

uint64_t table_find(struct layout *t, uint64_t address, uint32_t *inode)
{
	struct position pos = find(t, address);

	if (!is_range(t, pos) || range_at(t, pos)->start > address)
		return 0;
	*inode = range_at(t, pos)->inode;
	return range_at(t, pos)->end;
}

/* Gives [start, end) the same name as an address, if that has one. */
static void extend(struct layout *t, uint64_t address, uint64_t start, uint64_t end)
{
	struct position pos = find(t, address);
	const struct layout_range *r = is_range(t, pos) ? range_at(t, pos) : NULL;

	if (r && r->start <= address)
		table_set(t, start, end, r->inode, name_of(t, r->name)->text);
}

static void copy(struct layout *t, uint64_t from, uint64_t end, uint64_t to)
{
	uint64_t at = from;
	struct position pos;

	while (pos = find(t, at), is_range(t, pos) && range_at(t, pos)->start < end) {
		struct layout_range r = *range_at(t, pos);

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
