#include "source/kept_names.h"

#include "label/layout.h"
#include "label/lock.h"
#include "label/text.h"
#include "source/backing.h"
#include "source/captured_names.h"
#include "source/division.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum {
	TABLE_BYTES = (sizeof(struct layout) + LAYOUT_PAGE - 1) / LAYOUT_PAGE * LAYOUT_PAGE,
	TABLE_PAGES = TABLE_BYTES / LAYOUT_PAGE,
	LOOKS = 100000, /* reads of the process's memory, about a microsecond each, before giving up
			 */
	LOOKS_A_MOMENT = 50, /* reads that would fit into the time of one wait */
	LABEL_MAX = sizeof("[anon_shmem:]") + ANONMEM_NAME_MAX,
};

struct range {
	uint64_t start, end;
	uint32_t inode;
	const char *name; /* in the copy */
};

struct kept_names {
	struct io *io;
	const struct procdir *dir;
	struct stage next_stage;
	bool last;   /* attempt at this process */
	dev_t shmem; /* device of memfds */

	enum kept_names_state state;
	uint64_t at; /* address of this process's table; 0 if unknown */
	bool passed; /* memory that may have a name went by before the table was found */
	struct process_memory *memory; /* of the current process */

	struct captured_names captured; /* of a captured process, which has no memory to read */

	unsigned looks; /* reads left */
	struct layout *copy;
	uint8_t there[TABLE_PAGES]; /* which pages of the table are present */
	struct range *ranges;
	size_t count, next; /* ranges before `next` lie below the current mapping */
	struct part *parts;
	size_t part_capacity;
};

void kept_names_free(struct kept_names *n)
{
	if (!n)
		return;
	if (n->copy)
		munmap(n->copy, TABLE_BYTES);
	captured_names_free(&n->captured);
	free(n->ranges);
	free(n->parts);
	free(n);
}

const struct slice kept_names_place = SLICE_INIT(LAYOUT_SHOWN);

bool kept_names_lie_in(const struct mapping *m)
{
	return m->end - m->start <= TABLE_BYTES && m->offset == 0 && m->perms[3] == 'p' &&
	       slice_equals(m->name, kept_names_place);
}

/* Reading the table. */

/* Takes from the allowance; false if it is used up. */
static bool look(struct kept_names *n, unsigned looks)
{
	bool more = n->looks > looks;

	n->looks = more ? n->looks - looks : 0;
	return more;
}

static bool read_at(struct kept_names *n, size_t offset, void *to, size_t size)
{
	return look(n, 1 + (unsigned)(size / LAYOUT_PAGE)) &&
	       process_memory_read(n->memory, n->at + offset, to, size);
}

static bool find_pages(struct kept_names *n)
{
	const uint64_t present = PAGE_PRESENT | PAGE_SWAPPED;
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE), entries[TABLE_PAGES] = {0};
	size_t per_page = page_size / LAYOUT_PAGE, pages = TABLE_PAGES / per_page;

	if (!look(n, 1 + TABLE_PAGES / 64) ||
	    !process_memory_pages(n->memory, n->at / page_size, entries, pages))
		return false;
	for (size_t i = 0; i < TABLE_PAGES; i++)
		n->there[i] = i / per_page < pages && entries[i / per_page] & present;
	return true;
}

/* Reads some pages of the table to their place in the copy; pages that the process does not have
 * are left zero. */
static bool read_pages(struct kept_names *n, size_t first, size_t end)
{
	while (first < end) {
		size_t run = first;

		while (run < end && n->there[run])
			run++;
		if (run > first &&
		    !read_at(n, first * LAYOUT_PAGE, (char *)n->copy + first * LAYOUT_PAGE,
			     (run - first) * LAYOUT_PAGE))
			return false;
		first = run + 1;
	}
	return true;
}

static bool unchanged(struct kept_names *n, size_t offset, uint32_t changes)
{
	uint32_t now;

	return changes % 2 == 0 && read_at(n, offset, &now, sizeof(now)) && now == changes;
}

static void wait_a_moment(struct kept_names *n)
{
	const struct timespec moment = {.tv_nsec = 20000};

	if (look(n, LOOKS_A_MOMENT))
		nanosleep(&moment, NULL);
}

static bool read_block(struct kept_names *n, size_t block)
{
	size_t offset = offsetof(struct layout, blocks) + block * LAYOUT_PAGE;

	if (!n->there[offset / LAYOUT_PAGE])
		return false;
	for (unsigned i = 0; n->looks > 0; i++) {
		if (!read_pages(n, offset / LAYOUT_PAGE, offset / LAYOUT_PAGE + 1))
			return false;
		if (unchanged(n, offset + offsetof(struct layout_block, changes),
			      n->copy->blocks[block].changes))
			return n->copy->blocks[block].count <= LAYOUT_RANGES;
		if (i % 10 == 9)
			wait_a_moment(n);
	}
	return false;
}

static bool is_layout(const struct layout_head *head)
{
	return (head->magic == LAYOUT_MAGIC && head->size == sizeof(struct layout)) ||
	       (head->magic == LAYOUT_MAGIC_BEFORE && head->size == LAYOUT_SIZE_BEFORE);
}

/* A table that its own process has given up says nothing any more. */
static bool makes_sense(const struct layout_head *head)
{
	return is_layout(head) && !(head->lock & LOCK_GIVEN_UP) && head->blocks <= LAYOUT_BLOCKS &&
	       head->names <= LAYOUT_NAMES;
}

/* Reads head and blocks as of one moment, except for changes inside the blocks. A change during the
 * reading can make them inconsistent; if they are inconsistent twice without a change, the table
 * itself is. */
static bool read_blocks(struct kept_names *n)
{
	const struct layout_head *head = &n->copy->head;
	uint32_t nonsense = 1; /* `changes` at the last inconsistency */

	while (n->looks > 0) {
		bool whole = true;

		if (!find_pages(n) || !n->there[0] || !read_pages(n, 0, 1) || !makes_sense(head))
			return false;
		for (uint32_t at = 0; whole && at < head->blocks; at++)
			whole = head->order[at] < LAYOUT_BLOCKS && read_block(n, head->order[at]);
		if (unchanged(n, offsetof(struct layout_head, changes), head->changes)) {
			if (whole || nonsense == head->changes)
				return whole;
			nonsense = head->changes;
		}
		wait_a_moment(n);
	}
	return false;
}

static bool read_names(struct kept_names *n)
{
	size_t from = offsetof(struct layout, names);
	size_t to = from + n->copy->head.names * sizeof(struct layout_name);

	return read_pages(n, from / LAYOUT_PAGE, (to + LAYOUT_PAGE - 1) / LAYOUT_PAGE);
}

static bool is_name(const struct layout_name *name)
{
	size_t len = strnlen(name->text, sizeof(name->text));

	for (size_t i = 0; i < len; i++) {
		if (!text_allows((unsigned char)name->text[i]))
			return false;
	}
	return len < sizeof(name->text);
}

/* A name that was released during the reading no longer belongs to this range, which then has
 * none. */
static bool add_range(struct kept_names *n, const struct layout_range *r)
{
	const struct layout_name *name = &n->copy->names[r->name % LAYOUT_NAMES];
	const struct range *before = n->count ? &n->ranges[n->count - 1] : NULL;

	if (r->start >= r->end || (before && before->end > r->start) || !is_name(name))
		return false;
	if (name->generation == r->name >> 16)
		n->ranges[n->count++] = (struct range){r->start, r->end, r->inode, name->text};
	return true;
}

/* Also false if the ranges are inconsistent. */
static bool collect_ranges(struct kept_names *n)
{
	const struct layout_head *head = &n->copy->head;
	size_t most = (size_t)head->blocks * LAYOUT_RANGES;
	struct range *larger = reallocarray(n->ranges, most ? most : 1, sizeof(*larger));

	if (!larger)
		return false;
	n->ranges = larger;
	n->count = 0;
	for (uint32_t at = 0; at < head->blocks; at++) {
		const struct layout_block *b = &n->copy->blocks[head->order[at]];

		for (uint32_t i = 0; i < b->count; i++) {
			if (!add_range(n, &b->ranges[i]))
				return false;
		}
	}
	return true;
}

/* A sum that differs after every change. */
static uint64_t changes_of(const struct layout *t)
{
	uint64_t sum = t->head.changes;

	for (uint32_t at = 0; at < t->head.blocks; at++)
		sum += t->blocks[t->head.order[at]].changes;
	return sum;
}

static bool make_copy(struct kept_names *n)
{
	if (n->copy)
		return madvise(n->copy, TABLE_BYTES, MADV_DONTNEED) == 0;
	n->copy = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (n->copy != MAP_FAILED)
		return true;
	n->copy = NULL;
	return false;
}

/* Reads the table at n->at. A range that moves between blocks while they are read makes the ranges
 * inconsistent, so reading is repeated unless nothing has changed since the last time. */
static void load(struct kept_names *n)
{
	uint64_t nonsense = UINT64_MAX; /* changes_of() at the last inconsistency */

	n->state = NAMES_LOST;
	n->next = n->count = 0;
	n->looks = LOOKS;
	while (n->looks > 0 && n->state == NAMES_LOST) {
		uint64_t changes;

		if (!process_memory_open(n->memory) || !make_copy(n) || !read_blocks(n))
			break;
		changes = changes_of(n->copy);
		if (read_names(n) && collect_ranges(n))
			n->state = NAMES_KNOWN;
		else if (changes == nonsense)
			break;
		nonsense = changes;
	}
	if (n->state == NAMES_LOST)
		n->count = 0;
}

/* Naming mappings. */

/* Sets *inode to that of the memory whose names this mapping may have. False if it may have
 * none. */
static bool may_have_name(const struct mapping *m, uint32_t *inode)
{
	*inode = (uint32_t)m->inode;
	if (m->name.len == 0)
		return !mapping_has_inode(m);
	return m->inode != 0 && (slice_begins(m->name, SLICE("/memfd:")) ||
				 slice_equals(m->name, SLICE("/dev/zero (deleted)")));
}

/* What mmap() makes without a file, for several processes. */
static bool is_shared_memory(const struct mapping *m)
{
	return m->perms[3] == 's' && slice_equals(m->name, SLICE("/dev/zero (deleted)"));
}

static bool add_part(struct kept_names *n, size_t *count, uint64_t start, uint64_t end,
		     const char *name)
{
	if (start == end)
		return true;
	if (*count == n->part_capacity) {
		size_t capacity = n->part_capacity ? 2 * n->part_capacity : 64;
		struct part *larger = reallocarray(n->parts, capacity, sizeof(*larger));

		if (!larger)
			return false;
		n->parts = larger;
		n->part_capacity = capacity;
	}
	n->parts[(*count)++] = (struct part){.start = start, .end = end, .name = name};
	return true;
}

/* Divides a mapping into parts by name; returns their number, 0 if out of memory. */
static size_t make_parts(struct kept_names *n, const struct mapping *m, uint32_t inode)
{
	uint64_t at = m->start;
	size_t count = 0;

	while (n->next < n->count && n->ranges[n->next].end <= m->start)
		n->next++;
	for (size_t i = n->next; i < n->count && n->ranges[i].start < m->end; i++) {
		const struct range *r = &n->ranges[i];
		uint64_t start = r->start > at ? r->start : at;
		uint64_t end = r->end < m->end ? r->end : m->end;

		if (r->inode != inode && (r->inode != LAYOUT_ANY_INODE || !is_shared_memory(m)))
			continue;
		if (!add_part(n, &count, at, start, NULL) ||
		    !add_part(n, &count, start, end, r->name))
			return 0;
		at = end;
	}
	return add_part(n, &count, at, m->end, NULL) ? count : 0;
}

static int deliver_part(void *ctx, const struct mapping *unnamed, const struct part *part,
			struct error *e)
{
	struct kept_names *n = ctx;
	struct mapping m = *unnamed;
	char label[LABEL_MAX];
	int len;

	if (part->name) {
		len = snprintf(label, sizeof(label), "[%s:%s]",
			       mapping_has_inode(&m) ? "anon_shmem" : "anon", part->name);
		m.name = (struct slice){label, (size_t)len};
		m.by_process = true;
	}
	return stage_take(n->next_stage, &m, e);
}

/* What the table has taken for itself since it was made: the rest of its blocks or names. */
static bool is_of_table(const struct kept_names *n, const struct mapping *m)
{
	uint64_t blocks = n->at + offsetof(struct layout, blocks), blocks_end;
	uint64_t names = n->at + offsetof(struct layout, names), names_end;

	if (!n->copy || m->name.len > 0 || mapping_has_inode(m))
		return false;
	blocks_end = blocks + (uint64_t)n->copy->head.block_room * sizeof(struct layout_block);
	names_end = names + (uint64_t)n->copy->head.name_room * sizeof(struct layout_name);
	return (m->start > blocks && m->start < blocks_end && m->start < names) ||
	       (m->start > names && m->start < names_end && m->end <= n->at + TABLE_BYTES);
}

/* If it is unclear which parts are swapped, the process may just have run meanwhile, and is read
 * again; at the last attempt, the parts' swap is unknown. */
static int deliver_parts(struct kept_names *n, const struct mapping *m, size_t count,
			 struct error *e)
{
	struct division division = {.whole = m,
				    .parts = n->parts,
				    .count = count,
				    .is_counted = n->captured.text != NULL};

	if (division_count(&division, n->memory) < 0)
		return error_errno(e, "cannot look at its pages");
	if (!division.swap_known && !n->last)
		return error_set(e, ERROR_TRUNCATED,
				 "its swapped pages changed during the reading");
	if (n->io->copies_text && (count > 1 || n->parts[0].name) && copy_names(n->io->copy))
		captured_names_write(n->io->copy->names, n->parts, count);
	return division_deliver(&division, deliver_part, n, e);
}

/* Of a mapping without names, nothing was captured. */
static int take_captured(struct kept_names *n, const struct mapping *m, struct error *e)
{
	const struct part *parts;
	size_t count = captured_names_of(&n->captured, m, &parts);

	if (count == 0)
		return stage_take(n->next_stage, m, e);
	for (size_t i = 0, used = 0; i < count; i++) {
		if (!add_part(n, &used, parts[i].start, parts[i].end, parts[i].name))
			return error_memory(e);
		n->parts[i] = parts[i];
	}
	return deliver_parts(n, m, count, e);
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct kept_names *n = ctx;
	uint32_t inode;
	size_t count;

	if (n->state == NAMES_NONE && kept_names_lie_in(m) && m->dev_major == major(n->shmem) &&
	    m->dev_minor == minor(n->shmem)) {
		n->at = m->start;
		load(n);
	}
	if (n->state == NAMES_KNOWN && !n->captured.text && is_of_table(n, m)) {
		count = 0;
		if (!add_part(n, &count, m->start, m->end, LAYOUT_MEMFD))
			return error_memory(e);
		return deliver_parts(n, m, count, e);
	}
	if (!may_have_name(m, &inode))
		return stage_take(n->next_stage, m, e);
	n->passed |= n->state == NAMES_NONE;
	if (n->state != NAMES_KNOWN)
		return stage_take(n->next_stage, m, e);
	if (n->captured.text)
		return take_captured(n, m, e);
	count = make_parts(n, m, inode);
	if (count == 0)
		return error_memory(e);
	return deliver_parts(n, m, count, e);
}

/* The interface for procfs.c and files.c. */

struct kept_names *kept_names_new(struct io *io)
{
	struct kept_names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->io = io;
	if (backing_of_memfds(&n->shmem))
		return n;
	free(n);
	return NULL;
}

void kept_names_forget(struct kept_names *n)
{
	n->state = NAMES_NONE;
	n->at = 0;
}

/* False if the capture has none. */
static bool load_captured(struct kept_names *n)
{
	bool damaged;

	captured_names_free(&n->captured);
	if (!n->dir->is_captured)
		return false;
	if (captured_names_read(&n->captured, n->dir, &damaged))
		n->state = NAMES_KNOWN;
	else if (damaged)
		n->state = NAMES_LOST;
	return n->state != NAMES_NONE;
}

struct stage kept_names_begin(struct kept_names *n, const struct procdir *dir,
			      struct process_memory *memory, bool last, struct stage next)
{
	n->dir = dir;
	n->memory = memory;
	n->last = last;
	n->next_stage = next;
	n->state = NAMES_NONE;
	n->passed = false;
	if (load_captured(n))
		return (struct stage){take, n};
	if (n->at)
		load(n);
	/* If the table has moved, that will be noticed. */
	if (n->state == NAMES_LOST)
		n->state = NAMES_NONE;
	return (struct stage){take, n};
}

bool kept_names_end(const struct kept_names *n)
{
	return n->state == NAMES_KNOWN && n->passed;
}

enum kept_names_state kept_names_state(const struct kept_names *n)
{
	return n->state;
}
