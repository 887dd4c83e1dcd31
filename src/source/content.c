#include "source/content.h"

#include "source/division.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	LEAST = 64 * 1024,	     /* what is resident of a mapping, to be worth a look */
	MAPPING_BYTES = 64 * 1024,   /* that may be read of one */
	PROCESS_BYTES = 1024 * 1024, /* and of all */
	LOOK_BYTES = 64,	     /* that each look counts for, at least */
	PARTS = 64,		     /* that signs may find in one mapping */
	WINDOW = 64,		     /* entries of pagemap that are read at once */
};

struct content {
	struct memory memory; /* what signs read by */
	struct io *io;
	struct process_memory *pages;
	struct stage next;
	uint64_t page_size;
	void *facts;
	bool denied; /* the memory of the process at hand */
	size_t mapping_left, process_left;
	uint64_t window; /* the page of the first entry; there are window_count of them */
	size_t window_count;
	uint64_t entries[WINDOW];
	const struct mapping *whole; /* the mapping at hand */
	struct content_part found[PARTS];
	struct part parts[2 * PARTS + 1];
	unsigned guesses[2 * PARTS + 1]; /* of the parts */
};

static bool spend(struct content *c, size_t bytes)
{
	size_t left = c->mapping_left < c->process_left ? c->mapping_left : c->process_left;

	bytes = bytes > LOOK_BYTES ? bytes : LOOK_BYTES;
	if (bytes > left) {
		c->mapping_left = 0;
		return false;
	}
	c->mapping_left -= bytes;
	c->process_left -= bytes;
	return true;
}

/* The entries from a page on; never beyond the mapping at hand, unless only that one is wanted. */
static bool load_window(struct content *c, uint64_t page)
{
	uint64_t end = c->whole->end / c->page_size;
	size_t count = page < end && end - page < WINDOW ? (size_t)(end - page) : WINDOW;

	if (page >= end || page < c->whole->start / c->page_size)
		count = 1;
	c->window_count = 0;
	if (!spend(c, count * sizeof(*c->entries)) ||
	    !process_memory_pages(c->pages, page, c->entries, count))
		return false;
	c->window = page;
	c->window_count = count;
	return true;
}

static bool is_there(struct content *c, uint64_t page, bool *there)
{
	if ((page < c->window || page - c->window >= c->window_count) && !load_window(c, page))
		return false;
	*there = c->entries[page - c->window] & PAGE_PRESENT;
	return true;
}

static bool read_bytes(struct memory *m, uint64_t at, void *to, size_t size)
{
	struct content *c = (struct content *)m;
	bool there = true;
	uint64_t last;

	if (size == 0 || at > UINT64_MAX - size)
		return false;
	last = (at + size - 1) / c->page_size;
	for (uint64_t page = at / c->page_size; page <= last; page++) {
		if (!is_there(c, page, &there) || !there)
			return false;
	}
	return spend(c, size) && process_memory_read(c->pages, at, to, size);
}

static uint64_t next_page(struct memory *m, uint64_t from, uint64_t end)
{
	struct content *c = (struct content *)m;

	for (uint64_t at = from; at < end; at = (at / c->page_size + 1) * c->page_size) {
		bool there;

		if (!is_there(c, at / c->page_size, &there))
			break;
		if (there)
			return at;
	}
	return end;
}

static bool find_object(struct memory *m, struct slice name, struct memory_object *object)
{
	(void)m;
	(void)name;
	(void)object;
	return false;
}

static bool read_object(struct memory *m, const struct memory_object *object, uint64_t offset,
			void *to, size_t size)
{
	(void)m;
	(void)object;
	(void)offset;
	(void)to;
	(void)size;
	return false;
}

/* Memory whose content may tell what it is. */
static bool is_worth_a_look(const struct content *c, const struct mapping *m)
{
	return m->name.len == 0 && !mapping_has_inode(m) && memcmp(m->perms, "rw", 2) == 0 &&
	       m->perms[3] == 'p' && !m->is_monitored && !c->denied && c->process_left > 0 &&
	       m->counters.bytes[COUNTER_RSS] >= LEAST;
}

static size_t add_part(struct content *c, size_t count, uint64_t start, uint64_t end,
		       unsigned guess)
{
	if (start >= end)
		return count;
	c->parts[count] = (struct part){.start = start, .end = end};
	c->guesses[count] = guess;
	return count + 1;
}

/* The parts that were found and what lies between them. */
static size_t make_parts(struct content *c, const struct mapping *m, size_t found)
{
	uint64_t at = m->start;
	size_t count = 0;

	for (size_t i = 0; i < found; i++) {
		count = add_part(c, count, at, c->found[i].start, 0);
		count = add_part(c, count, c->found[i].start, c->found[i].end, c->found[i].guess);
		at = c->found[i].end;
	}
	return add_part(c, count, at, m->end, 0);
}

static int deliver_part(void *ctx, const struct mapping *m, const struct part *part,
			struct error *e)
{
	struct content *c = ctx;
	struct mapping known = *m;

	known.guess = c->guesses[part - c->parts];
	known.was_looked_at = true;
	return stage_take(c->next, &known, e);
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	const struct content_signs *signs;
	struct content *c = ctx;
	struct division division = {.whole = m, .parts = c->parts};
	size_t found;

	if (!is_worth_a_look(c, m))
		return stage_take(c->next, m, e);
	if (!process_memory_open(c->pages)) {
		c->denied = true;
		return stage_take(c->next, m, e);
	}
	signs = c->io->reading.signs;
	c->whole = m;
	c->mapping_left = MAPPING_BYTES;
	c->window_count = 0;
	found = signs->find(m, &c->memory, c->facts, c->found, PARTS);
	division.count = make_parts(c, m, found);
	if (division_count(&division, c->pages) < 0 || !division.swap_known) {
		division.count = add_part(c, 0, m->start, m->end, 0);
		division.swap_known = true;
	}
	return division_deliver(&division, deliver_part, c, e);
}

struct content *content_new(struct io *io)
{
	struct content *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->io = io;
	c->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	c->memory = (struct memory){read_bytes, next_page, find_object, read_object};
	c->facts = calloc(1, io->reading.signs->facts_size);
	if (c->facts)
		return c;
	free(c);
	return NULL;
}

void content_free(struct content *c)
{
	if (c)
		free(c->facts);
	free(c);
}

struct stage content_begin(struct content *c, struct process_memory *memory, struct stage next)
{
	c->pages = memory;
	c->next = next;
	c->denied = false;
	c->process_left = PROCESS_BYTES;
	memset(c->facts, 0, c->io->reading.signs->facts_size);
	return (struct stage){take, c};
}
