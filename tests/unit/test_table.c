/* table: compared with an array that has a name per page, after many random changes. */
#include "support.h"

#include "label/table.h"

#include <sys/mman.h>

enum { PAGES = 4096, PAGE = 4096, NAMES = 40 };

static struct layout *table;
static int model[PAGES]; /* number of the name + 1, 0 for none */
static uint32_t seed = 1;

static int set_up(void **state)
{
	(void)state;
	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (table == MAP_FAILED)
		return -1;
	table_init(table);
	memset(model, 0, sizeof(model));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(table, sizeof(*table));
}

static unsigned below(unsigned limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (unsigned)((uint64_t)seed * limit >> 32);
}

static const char *name_number(int number)
{
	static char name[ANONMEM_NAME_MAX + 1];

	memset(name, 0, sizeof(name));
	snprintf(name, sizeof(name), "name %d", number);
	return name;
}

static bool set(uint64_t from, uint64_t to, const char *name)
{
	return table_set(table, from * PAGE, to * PAGE, 0, name);
}

static const struct layout_block *block(uint32_t at)
{
	assert_true(table->head.order[at] < LAYOUT_BLOCKS);
	return &table->blocks[table->head.order[at]];
}

static uint32_t count_ranges(void)
{
	uint32_t n = 0;

	for (uint32_t at = 0; at < table->head.blocks; at++)
		n += block(at)->count;
	return n;
}

static const char *name_of(const struct layout_range *r)
{
	const struct layout_name *n = &table->names[r->name % LAYOUT_NAMES];

	assert_int_equal(n->generation, r->name >> 16);
	assert_true(n->references > 0);
	return n->text;
}

/* Ranges must ascend, neighbours must differ, and both must agree with the model. */
static void check(void)
{
	const struct layout_range *before = NULL;
	uint64_t page = 0;
	uint32_t uses = 0;

	for (uint32_t at = 0; at < table->head.blocks; at++) {
		const struct layout_block *b = block(at);

		assert_in_range(b->count, 1, LAYOUT_RANGES);
		for (uint32_t i = 0; i < b->count; i++) {
			const struct layout_range *r = &b->ranges[i];

			assert_true(r->start < r->end);
			assert_true(!before || before->end < r->start ||
				    (before->end == r->start && before->name != r->name));
			for (; page < r->start / PAGE; page++)
				assert_int_equal(model[page], 0);
			for (; page < r->end / PAGE; page++)
				assert_string_equal(name_of(r), name_number(model[page] - 1));
			before = r;
		}
	}
	for (; page < PAGES; page++)
		assert_int_equal(model[page], 0);
	for (uint32_t i = 0; i < table->head.names; i++)
		uses += table->names[i].references;
	assert_int_equal(uses, count_ranges());
}

/* Sets a random name. */
static void change(void)
{
	unsigned from = below(PAGES), most = PAGES - from;
	unsigned to = from + 1 + below(most < 6 ? most : 6);
	int name = (int)below(NAMES + 10) - 10;

	to = to > PAGES ? PAGES : to;
	assert_true(set(from, to, name < 0 ? NULL : name_number(name)));
	for (unsigned page = from; page < to; page++)
		model[page] = name < 0 ? 0 : name + 1;
}

TEST(random_changes)
{
	for (unsigned round = 0; round < 30000; round++) {
		change();
		if (round % 100 == 0)
			check();
	}
	check();
	assert_true(count_ranges() > 3 * LAYOUT_RANGES);
	assert_true(set(0, PAGES, NULL));
	assert_int_equal(table->head.blocks, 0);
}

/* mremap(): elsewhere, or in place. */
static void move(unsigned from, unsigned len, unsigned to, unsigned new_len, bool stays)
{
	int before[PAGES];

	memcpy(before, model, sizeof(model));
	table_move(table, (uint64_t)from * PAGE, (uint64_t)len * PAGE, (uint64_t)to * PAGE,
		   (uint64_t)new_len * PAGE, stays);
	for (unsigned i = 0; i < len && !stays; i++)
		model[from + i] = 0;
	for (unsigned i = 0; i < new_len; i++)
		model[to + i] = before[i < len ? from + i : len ? from + len - 1 : from];
}

TEST(random_moves)
{
	for (unsigned round = 0; round < 20000; round++) {
		unsigned from = below(PAGES / 2 - 20), len = below(10), new_len = 1 + below(10);
		unsigned to = PAGES / 2 + below(PAGES / 2 - 20), name_at = below(PAGES - 20);

		assert_true(set(name_at, name_at + 8, name_number((int)round % NAMES)));
		for (unsigned i = 0; i < 8; i++)
			model[name_at + i] = (int)round % NAMES + 1;
		if (round % 3 == 0)
			move(from, len, to, new_len, len == 0 || round % 2);
		else if (round % 3 == 1)
			move(to, len, from, new_len, len == 0 || round % 2);
		else if (len > 0)
			move(from, len, from, new_len, false);
		if (round % 100 == 0)
			check();
	}
	check();
}

static void split_in(bool ascending, uint32_t blocks)
{
	enum { RANGES = 10 * LAYOUT_RANGES };

	for (int i = 0; i < RANGES; i++) {
		uint64_t page = 2 * (uint64_t)(ascending ? i : RANGES - 1 - i);

		assert_true(set(page, page + 1, name_number(0)));
		model[page] = 1;
	}
	check();
	assert_int_equal(table->head.blocks, blocks);
}

/* mmap() usually goes downwards. */
TEST(ranges_in_order_fill_their_blocks)
{
	split_in(true, 10);
}

TEST(ranges_in_reverse_order_fill_their_blocks)
{
	split_in(false, 10);
}

TEST(equal_neighbours_are_one)
{
	assert_true(set(10, 12, name_number(1)) && set(14, 16, name_number(1)));
	assert_int_equal(count_ranges(), 2);
	assert_true(set(12, 14, name_number(1)));
	assert_int_equal(count_ranges(), 1);
	assert_true(set(12, 13, name_number(2)));
	assert_int_equal(count_ranges(), 3);
	/* Different memory with the same name. */
	assert_true(table_set(table, UINT64_C(16) * PAGE, UINT64_C(17) * PAGE, 5, name_number(1)));
	assert_int_equal(count_ranges(), 4);
}

TEST(names_are_stored_once_and_given_up)
{
	for (int round = 0; round < 3 * UINT16_MAX; round++) {
		assert_true(set(1, 2, name_number(round)) && set(3, 4, name_number(round)));
		assert_in_range(table->head.names, 1, 2);
	}
	assert_true(set(1, 4, NULL));
	assert_true(table->head.free > 0);
}

TEST(a_full_table)
{
	uint64_t page = 0;

	while (set(page, page + 1, name_number(0)))
		page += 2;
	assert_true(page / 2 > 65536 * 5);
	assert_int_equal(count_ranges(), page / 2);
	assert_true(set(0, 1, NULL));
	assert_int_equal(count_ranges(), page / 2 - 1);
}

/* Names can still be removed, or they would stay on whatever is mapped there next; if that would
 * need room, what follows loses its name. */
TEST(a_full_table_forgets)
{
	uint64_t page = 0;

	while (set(page, page + 5, name_number(0)))
		page += 6;
	for (uint64_t at = 0; at < page; at += 6)
		assert_true(set(at + 1, at + 2, NULL));
	assert_in_range(table->head.blocks, 1, LAYOUT_BLOCKS);
	for (uint64_t at = 0; at < page; at += 6) {
		uint32_t inode;

		assert_int_equal(table_find(table, at * PAGE, &inode), (at + 1) * PAGE);
		assert_int_equal(table_find(table, (at + 1) * PAGE, &inode), 0);
	}
}

/* As in a child whose parent had another thread in the middle of a change. */
TEST(left_unfinished)
{
	for (uint64_t page = 0; page < 600; page += 2)
		assert_true(set(page, page + 1, name_number((int)page % NAMES)));
	table->blocks[table->head.order[0]].changes |= 1;
	table->blocks[table->head.order[0]].count--;
	table->head.changes |= 1;
	table->names[0].references = 1000;

	table_empty(table);
	assert_int_equal(count_ranges(), 0);
	assert_int_equal(table->head.changes % 2, 0);
	for (uint64_t page = 0; page < 600; page += 2) {
		assert_true(set(page, page + 1, name_number((int)page % NAMES)));
		model[page] = (int)page % NAMES + 1;
	}
	check();
}

TEST(too_many_names)
{
	uint64_t page = 0;

	while (set(page, page + 1, name_number((int)page)))
		page++;
	assert_int_equal(page, LAYOUT_NAMES);
	assert_true(set(page, page + 1, name_number(5)));
	assert_true(set(7, 8, NULL));
	assert_true(set(7, 8, name_number(-1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(random_moves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ranges_in_order_fill_their_blocks, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(ranges_in_reverse_order_fill_their_blocks, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(equal_neighbours_are_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_are_stored_once_and_given_up, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_full_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_table_forgets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(left_unfinished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_many_names, set_up, tear_down),
	};

	return RUN(tests);
}
