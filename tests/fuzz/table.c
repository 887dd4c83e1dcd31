/*
 * Changes of all kinds, to a table and to an array with a name per page, which must agree.
 */
#include "label/table.h"

#include "fuzz.h"

#include <sys/mman.h>

enum { PAGE = 4096, PAGES = 512, NAMES = 30, BASE = 1 << 20 };

static struct layout *table;
static uint8_t model[PAGES]; /* number of the name; 0 for none */

static struct layout *new_table(void)
{
	struct layout *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(t != MAP_FAILED);
	return t;
}

static const char *name_of(unsigned number)
{
	static char name[ANONMEM_NAME_MAX + 1];

	memset(name, 0, sizeof(name));
	snprintf(name, sizeof(name), "name %u", number);
	return name;
}

static uint64_t at(unsigned page)
{
	return BASE + (uint64_t)page * PAGE;
}

static void set(unsigned from, unsigned end, unsigned name)
{
	CHECK(table_set(table, at(from), at(end), 0, name ? name_of(name) : NULL));
	for (unsigned page = from; page < end; page++)
		model[page] = (uint8_t)name;
}

static void move(unsigned from, unsigned len, unsigned to, unsigned new_len, bool stays)
{
	uint8_t before[PAGES];

	if (from != to && from < to + new_len && to < from + len)
		return; /* the kernel refuses this too */
	if (len == 0 && from >= to && from < to + new_len)
		return;
	stays |= len == 0; /* there is nothing to move */
	memcpy(before, model, sizeof(model));
	table_move(table, at(from), (uint64_t)len * PAGE, at(to), (uint64_t)new_len * PAGE,
		   stays && from != to);
	if (from == to && new_len == 0)
		return;
	for (unsigned i = 0; i < len && !(stays && from != to); i++)
		model[from + i] = 0;
	for (unsigned i = 0; i < new_len; i++)
		model[to + i] = before[i < len ? from + i : len ? from + len - 1 : from];
}

static void check(void)
{
	uint32_t ranges = 0, uses = 0, inode;
	uint64_t end = 0;

	for (uint32_t b = 0; b < table->head.blocks; b++) {
		const struct layout_block *block = &table->blocks[table->head.order[b]];

		CHECK(block->changes % 2 == 0 && block->count > 0 && block->count <= LAYOUT_RANGES);
		for (uint32_t i = 0; i < block->count; i++) {
			const struct layout_range *r = &block->ranges[i];
			const struct layout_name *n = &table->names[r->name % LAYOUT_NAMES];

			CHECK(r->start < r->end && r->start >= end);
			CHECK(n->generation == r->name >> 16 && n->references > 0);
			for (uint64_t a = r->start; a < r->end; a += PAGE)
				CHECK(strcmp(n->text, name_of(model[(a - BASE) / PAGE])) == 0);
			end = r->end;
			ranges++;
		}
	}
	for (unsigned page = 0; page < PAGES; page++)
		CHECK((table_find(table, at(page), &inode) > at(page)) == (model[page] != 0));
	for (uint32_t i = 0; i < table->head.names; i++)
		uses += table->names[i].references;
	CHECK(uses == ranges && table->head.changes % 2 == 0);
}

static void change(struct slice *in)
{
	unsigned what = take_u8(in), from = take_u16(in) % PAGES, len = take_u8(in);
	unsigned most = PAGES - from, end;

	len = len < most ? len : most;
	end = from + len;
	if (what < 160) {
		set(from, end, what % (NAMES + 6) > NAMES ? 0 : what % (NAMES + 6));
	} else {
		unsigned to = take_u16(in) % PAGES, new_len = take_u8(in);

		new_len = new_len < PAGES - to ? new_len : PAGES - to;
		if (new_len > 0)
			move(from, len, to, new_len, what % 2);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};

	if (!table)
		table = new_table();
	CHECK(madvise(table, sizeof(struct layout), MADV_DONTNEED) == 0);
	table_init(table);
	memset(model, 0, sizeof(model));
	while (in.len)
		change(&in);
	check();
	return 0;
}
