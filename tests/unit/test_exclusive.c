/* exclusive: what is freed if all processes of a row end. */
#include "support.h"

#include "model/exclusive.h"
#include "model/fold.h"

#include <unistd.h>

enum { PAGE = 4096, KB = 1024 };

/* Bounds of a mapping from smaps alone. */

struct amounts { /* kB */
	uint64_t rss, pss, uss, anonymous, swap, swap_pss;
};

static struct mapping mapping_of(const char *perms, const char *name, const struct amounts *a)
{
	static const enum counter counters[] = {COUNTER_RSS,	   COUNTER_PSS,	 COUNTER_USS,
						COUNTER_ANONYMOUS, COUNTER_SWAP, COUNTER_SWAP_PSS};
	const uint64_t amounts[] = {a->rss, a->pss, a->uss, a->anonymous, a->swap, a->swap_pss};
	struct mapping m = {.name = slice_of(name)};

	memcpy(m.perms, perms, sizeof(m.perms));
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		m.counters.bytes[counters[i]] = amounts[i] * KB;
		m.counters.known |= COUNTER_BIT(counters[i]);
	}
	return m;
}

static void check_mapping(const char *perms, const char *name, enum kind kind,
			  const struct amounts *a, uint64_t low, uint64_t high)
{
	struct mapping m = mapping_of(perms, name, a);
	struct bounds b = exclusive_of_mapping(&m, &m.counters, kind);

	assert_false(b.unknown);
	assert_int_equal(b.low, low);
	assert_int_equal(b.high, high);
}

TEST(private_memory_that_nobody_shares_is_known)
{
	static const struct amounts a = {100, 100, 100, 100, 20, 20};

	check_mapping("rw-p", "", KIND_ANON, &a, 120 * KB, 120 * KB);
}

/* Shares are rounded down to a kB. */
TEST(private_memory_lies_between_uss_and_pss)
{
	static const struct amounts a = {100, 60, 20, 100, 0, 0};

	check_mapping("rw-p", "", KIND_ANON, &a, 20 * KB, 60 * KB + KB - 1);
}

TEST(pages_of_files_do_not_count)
{
	static const struct amounts text = {100, 50, 10, 0, 0, 0}, data = {100, 50, 30, 40, 0, 0},
				    copied = {40, 40, 40, 24, 0, 0};

	check_mapping("r-xp", "/lib/x", KIND_FILE, &text, 0, 0);
	check_mapping("rw-p", "/lib/x", KIND_FILE, &data, 0, 40 * KB);
	check_mapping("rw-p", "/lib/x", KIND_FILE, &copied, 24 * KB, 24 * KB);
}

/* 8 kB shared with one other process, or 4 kB shared with very many: at least 12 of 20 are its
 * own. */
TEST(swap_by_its_shares)
{
	static const struct amounts a = {0, 0, 0, 0, 20, 16}, none = {0, 0, 0, 0, 20, 5};

	check_mapping("rw-p", "", KIND_ANON, &a, 12 * KB, 16 * KB + KB - 1);
	check_mapping("rw-p", "", KIND_ANON, &none, 0, 5 * KB + KB - 1);
}

TEST(shared_memory_lies_between_uss_and_pss_with_swap)
{
	static const struct amounts thrice = {192, 64, 0, 0, 8, 0}, once = {64, 64, 64, 0, 0, 0};

	check_mapping("rw-s", "/memfd:x (deleted)", KIND_SHMEM, &thrice, 0, 72 * KB + KB - 1);
	check_mapping("rw-s", "/dev/zero (deleted)", KIND_SHMEM, &once, 64 * KB, 64 * KB);
}

TEST(shared_memory_that_stays)
{
	static const struct amounts a = {64, 64, 64, 0, 0, 0};

	check_mapping("rw-s", "/dev/shm/x", KIND_SHMEM, &a, 0, 0);
	/* Unless it is marked for removal, which smaps does not say. */
	check_mapping("rw-s", "/SYSV00000000 (deleted)", KIND_SHMEM, &a, 0, 64 * KB);
}

TEST(unknown)
{
	static const struct amounts a = {100, 100, 100, 100, 0, 0};
	struct mapping m = mapping_of("rw-p", "", &a);

	m.counters.known &= ~COUNTER_BIT(COUNTER_ANONYMOUS);
	assert_true(exclusive_of_mapping(&m, &m.counters, KIND_ANON).unknown);
}

/* Without SwapPss, before Linux 4.3, only the amount of swap is known. */
TEST(swap_without_shares)
{
	static const struct amounts a = {100, 100, 100, 100, 20, 0};
	struct mapping m = mapping_of("rw-p", "", &a);
	struct bounds b;

	m.counters.known &= ~COUNTER_BIT(COUNTER_SWAP_PSS);
	b = exclusive_of_mapping(&m, &m.counters, KIND_ANON);
	assert_int_equal(b.low, 100 * KB);
	assert_int_equal(b.high, 120 * KB);
}

/* Rows: each process is a record with one row. */

static const struct grouping by = {.keys = {KEY_NAME}, .count = 1};

static struct aggregate groups;
static struct group totals;
static struct fold fold;
static struct exclusive exclusive;
static struct holdings holdings;
static struct page_list pages;

static int set_up(void **state)
{
	(void)state;
	aggregate_init(&groups, by.count);
	group_zero(&totals);
	fold_init(&fold, &by, &by, &groups, &totals);
	exclusive_init(&exclusive, &by, &groups, &totals);
	exclusive.page_size = PAGE;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exclusive_free(&exclusive);
	fold_free(&fold);
	aggregate_free(&groups);
	holdings_free(&holdings);
	holdings = (struct holdings){0};
	return 0;
}

/* Makes the current process map these pages, with these shares of its swap. */
static void maps(uint64_t *ids, size_t count, uint64_t swap, uint64_t swap_pss)
{
	const struct amounts a = {.swap = swap, .swap_pss = swap_pss};
	struct mapping m = mapping_of("rw-p", "", &a);

	pages = (struct page_list){.ids = ids, .count = count};
	m.ownership.pages = &pages;
	m.ownership.count = count;
	assert_true(holdings_add(&holdings, &m, 0));
}

static void maps_object(uint64_t inode, uint64_t kb, uint64_t pss, uint32_t group)
{
	const struct amounts a = {.rss = kb, .pss = pss, .uss = pss == kb ? kb : 0};
	struct mapping m = mapping_of("rw-s", "/memfd:x (deleted)", &a);

	m.ownership.object = OBJECT_ENDS;
	m.ownership.object_id = (struct object_id){0, 1, inode};
	m.ownership.object_bytes = kb * KB;
	assert_true(holdings_add(&holdings, &m, group));
}

/* Ends the current process: with the name of its row, or none if it is not in the report. */
static void process(symbol name, const struct object_id *held, size_t count)
{
	struct group part = {.processes = 1, .mappings = 1};
	struct record r = {
		.groups = &part,
		.keys = &name,
		.count = name != SYMBOL_NONE,
		.holdings = &holdings,
	};

	part.counters.known = COUNTERS_ALL_KNOWN;
	holdings.held = (struct held_objects){true, held, count};
	if (name == SYMBOL_NONE) {
		assert_true(exclusive_add_other(&exclusive, &r));
	} else {
		assert_true(fold_add(&fold, &r));
		assert_true(exclusive_add(&exclusive, &r));
	}
	holdings_reset(&holdings);
}

static void check(symbol row, uint64_t low, uint64_t high)
{
	const struct group *g = row == SYMBOL_NONE ? &totals : aggregate_find(&groups, &row);

	assert_non_null(g);
	assert_int_equal(g->exclusive.low, low);
	assert_int_equal(g->exclusive.high, high);
}

/* Pretends that frame N is mapped N % 10 times; frames must ascend. */
static uint64_t last_digit(void *ctx, uint64_t frame)
{
	uint64_t *before = ctx;

	assert_true(frame > *before);
	*before = frame;
	return frame % 10;
}

static void finish(void)
{
	uint64_t before = 0;

	assert_true(exclusive_finish(&exclusive, last_digit, &before));
}

TEST(pages_that_the_row_maps_as_often_as_everybody)
{
	uint64_t first[] = {12, 13, 24}, second[] = {13, 12, 33}, third[] = {13, 24};

	maps(first, 3, 0, 0);
	process(1, NULL, 0);
	maps(second, 3, 0, 0);
	process(1, NULL, 0);
	maps(third, 2, 0, 0);
	process(2, NULL, 0);
	finish();
	check(1, PAGE, PAGE); /* 12 */
	check(2, 0, 0);
	check(SYMBOL_NONE, 2 * PAGE, 2 * PAGE); /* 12 and 13 */
}

TEST(one_process_may_map_a_page_several_times)
{
	uint64_t ids[] = {13, 13, 13};

	maps(ids, 2, 0, 0);
	maps(ids, 1, 0, 0);
	process(1, NULL, 0);
	finish();
	check(1, PAGE, PAGE);
}

/* The zero page has no count; a page that has been freed since has a smaller one. */
TEST(counts_that_do_not_fit)
{
	uint64_t ids[] = {10, 11, 11};

	maps(ids, 3, 0, 0);
	process(1, NULL, 0);
	finish();
	check(1, PAGE, PAGE);
}

#define SWAPPED(n) ((n) | PAGE_ID_SWAPPED)

/* According to the shares, the first two have all of 1 and 2 between them. */
TEST(swap_that_nobody_else_has)
{
	uint64_t ids[] = {SWAPPED(1), SWAPPED(2)};

	maps(ids, 2, 8, 4);
	process(1, NULL, 0);
	maps(ids, 2, 8, 4);
	process(2, NULL, 0);
	finish();
	check(1, 0, 0);
	check(2, 0, 0);
	check(SYMBOL_NONE, 2 * PAGE, 2 * PAGE);
}

TEST(swap_that_others_have_too)
{
	uint64_t ids[] = {SWAPPED(1), SWAPPED(2), SWAPPED(3), SWAPPED(4)};

	/* 4 + 4 + 4 + 2: at most one of the four pages is shared with another process. */
	maps(ids, 4, 16, 14);
	process(1, NULL, 0);
	finish();
	check(1, 3 * PAGE, 14 * KB + KB - 1);
}

TEST(an_object_that_only_the_row_maps)
{
	for (int i = 0; i < 3; i++)
		maps_object(5, 64, 21, 0);
	process(1, NULL, 0);
	finish();
	check(1, 64 * KB, 64 * KB);
	check(SYMBOL_NONE, 64 * KB, 64 * KB);
}

TEST(an_object_of_two_rows)
{
	maps_object(5, 64, 32, 0);
	process(1, NULL, 0);
	maps_object(5, 64, 32, 0);
	process(2, NULL, 0);
	finish();
	check(1, 0, 0);
	check(2, 0, 0);
	check(SYMBOL_NONE, 64 * KB, 64 * KB);
}

TEST(an_object_that_others_map)
{
	assert_false(exclusive_has_objects(&exclusive));
	maps_object(5, 64, 64, 0);
	maps_object(6, 16, 16, 0);
	maps_object(6, 16, 16, NO_GROUP);
	process(1, NULL, 0);
	assert_true(exclusive_has_objects(&exclusive));
	maps_object(5, 64, 0, 0);
	process(SYMBOL_NONE, NULL, 0);
	finish();
	check(1, 0, 0);
	check(SYMBOL_NONE, 0, 0);
}

TEST(an_object_that_is_open)
{
	const struct object_id five = {0, 1, 5}, six = {0, 1, 6}, both[] = {six, five};

	maps_object(5, 64, 64, 0);
	maps_object(6, 16, 16, 0);
	process(1, both, 2); /* in the row itself */
	process(2, &five, 1);
	finish();
	check(1, 16 * KB, 16 * KB);
	check(2, 0, 0);
	check(SYMBOL_NONE, 80 * KB, 80 * KB);
}

TEST(an_object_that_is_open_elsewhere)
{
	const struct object_id five = {0, 1, 5};

	maps_object(5, 64, 64, 0);
	process(1, NULL, 0);
	process(SYMBOL_NONE, &five, 1);
	finish();
	check(1, 0, 0);
	check(SYMBOL_NONE, 0, 0);
}

/* Another mapping of it could not be examined. */
TEST(an_object_of_which_one_mapping_tells)
{
	maps_object(5, 64, 32, 0);
	holdings.uses[0].certain = false;
	holdings.uses[0].bytes = 8 * KB;
	process(1, NULL, 0);
	maps_object(5, 64, 32, 0);
	process(1, NULL, 0);
	maps_object(6, 16, 16, 0);
	holdings.uses[0].certain = false;
	process(2, NULL, 0);
	finish();
	check(1, 64 * KB, 64 * KB);
	check(2, 0, 16 * KB);
}

/* Somebody who cannot be seen has a part of the second one. */
TEST(what_is_unseen_shows_in_the_shares)
{
	exclusive.unseen = true;
	maps_object(5, 64, 32, 0);
	maps_object(5, 64, 32, 0);
	maps_object(6, 16, 12, 0);
	process(1, NULL, 0);
	finish();
	check(1, 64 * KB, 80 * KB);
}

#define ON_ROWS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_memory_that_nobody_shares_is_known),
		cmocka_unit_test(private_memory_lies_between_uss_and_pss),
		cmocka_unit_test(pages_of_files_do_not_count),
		cmocka_unit_test(swap_by_its_shares),
		cmocka_unit_test(shared_memory_lies_between_uss_and_pss_with_swap),
		cmocka_unit_test(shared_memory_that_stays),
		cmocka_unit_test(unknown),
		cmocka_unit_test(swap_without_shares),
		ON_ROWS(pages_that_the_row_maps_as_often_as_everybody),
		ON_ROWS(one_process_may_map_a_page_several_times),
		ON_ROWS(counts_that_do_not_fit),
		ON_ROWS(swap_that_nobody_else_has),
		ON_ROWS(swap_that_others_have_too),
		ON_ROWS(an_object_that_only_the_row_maps),
		ON_ROWS(an_object_of_two_rows),
		ON_ROWS(an_object_that_others_map),
		ON_ROWS(an_object_that_is_open),
		ON_ROWS(an_object_that_is_open_elsewhere),
		ON_ROWS(an_object_of_which_one_mapping_tells),
		ON_ROWS(what_is_unseen_shows_in_the_shares),
	};

	return RUN(tests);
}
