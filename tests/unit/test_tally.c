/* tally: counts how often each page was seen. */
#include "support.h"

#include "model/tally.h"

static struct tally tally;

static int set_up(void **state)
{
	(void)state;
	tally = (struct tally){0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tally_free(&tally);
	return 0;
}

static uint32_t times(uint64_t id)
{
	const struct tally_entry *entry = tally_find(&tally, id);

	return entry ? entry->times : 0;
}

TEST(nothing)
{
	uint64_t *ids = tally_ids(&tally);

	assert_null(tally_find(&tally, 0));
	assert_true(tally_add(&tally, 7, 0));
	assert_int_equal(tally.count, 0);
	assert_non_null(ids);
	free(ids);
}

TEST(each_page_once)
{
	assert_true(tally_add(&tally, 0, 1));
	assert_true(tally_add(&tally, UINT64_MAX, 2));
	assert_true(tally_add(&tally, 0, 3));
	assert_int_equal(tally.count, 2);
	assert_int_equal(times(0), 4);
	assert_int_equal(times(UINT64_MAX), 2);
	assert_int_equal(times(1), 0);
}

TEST(counts_do_not_wrap)
{
	assert_true(tally_add(&tally, 5, UINT32_MAX));
	assert_true(tally_add(&tally, 5, 1));
	assert_true(times(5) == UINT32_MAX);
}

/* Runs that overlap in the table, and ids far apart. */
TEST(many)
{
	enum { MANY = 100000 };
	uint64_t *ids;

	for (uint64_t i = 0; i < MANY; i++) {
		assert_true(tally_add(&tally, i, 1));
		assert_true(tally_add(&tally, (i << 32) + (UINT64_C(1) << 62), 2));
		assert_true(tally_add(&tally, MANY - 1 - i, 1));
	}
	assert_int_equal(tally.count, 2 * MANY);
	assert_true(3 * tally.capacity <= 8 * tally.count); /* as tally.h says */
	ids = tally_ids(&tally);
	for (uint64_t i = 0; i < MANY; i++) {
		assert_int_equal(times(i), 2);
		assert_int_equal(times((i << 32) + (UINT64_C(1) << 62)), 2);
		assert_true(ids[i] == i);
	}
	free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_page_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counts_do_not_wrap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many, set_up, tear_down),
	};

	return RUN(tests);
}
