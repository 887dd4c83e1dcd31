/* counters: unknown is not zero, and overflowing sums are reported. */
#include "support.h"

#include "parse/counters.h"

TEST(the_sum_of_nothing_is_known)
{
	struct counters sum;

	counters_zero(&sum);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		assert_true(counters_know(&sum, (enum counter)i));
		assert_int_equal(sum.bytes[i], 0);
	}
	assert_int_equal(sum.known, COUNTERS_ALL_KNOWN);
}

TEST(unknown_is_not_zero)
{
	struct counters nothing = {.known = 0};
	struct counters zero = {.known = COUNTER_BIT(COUNTER_PSS)};

	assert_false(counters_know(&nothing, COUNTER_PSS));
	assert_true(counters_know(&zero, COUNTER_PSS));
	assert_false(counters_know(&zero, COUNTER_RSS));
}

TEST(a_sum_knows_what_all_parts_know)
{
	struct counters a = {.known = COUNTER_BIT(COUNTER_RSS) | COUNTER_BIT(COUNTER_PSS)};
	struct counters b = {.known = COUNTER_BIT(COUNTER_RSS) | COUNTER_BIT(COUNTER_SWAP)};
	struct counters sum;

	a.bytes[COUNTER_RSS] = 3;
	a.bytes[COUNTER_PSS] = 4;
	b.bytes[COUNTER_RSS] = 5;
	counters_zero(&sum);
	assert_true(counters_add(&sum, &a));
	assert_true(counters_know(&sum, COUNTER_PSS));
	assert_true(counters_add(&sum, &b));
	assert_int_equal(sum.bytes[COUNTER_RSS], 8);
	assert_int_equal(sum.known, COUNTER_BIT(COUNTER_RSS));
	/* It stays unknown. */
	assert_true(counters_add(&sum, &a));
	assert_int_equal(sum.known, COUNTER_BIT(COUNTER_RSS));
	assert_int_equal(sum.bytes[COUNTER_RSS], 11);
}

TEST(sums_stop_at_the_greatest)
{
	struct counters sum, most = {.known = COUNTERS_ALL_KNOWN}, one = most, zero = most;

	most.bytes[COUNTER_RSS] = COUNTER_MAX;
	one.bytes[COUNTER_RSS] = 1;
	counters_zero(&sum);
	assert_true(counters_add(&sum, &most));
	assert_true(sum.bytes[COUNTER_RSS] == COUNTER_MAX);
	assert_true(counters_add(&sum, &zero));
	assert_false(counters_add(&sum, &one));
	assert_true(sum.bytes[COUNTER_RSS] == COUNTER_MAX);
	assert_int_equal(sum.bytes[COUNTER_PSS], 0);
}

TEST(a_part_beyond_the_greatest)
{
	struct counters sum, part = {.known = COUNTERS_ALL_KNOWN};

	part.bytes[COUNTER_PSS] = UINT64_MAX;
	part.bytes[COUNTER_RSS] = 7;
	counters_zero(&sum);
	assert_false(counters_add(&sum, &part));
	assert_true(sum.bytes[COUNTER_PSS] == COUNTER_MAX);
	assert_int_equal(sum.bytes[COUNTER_RSS], 7);
}

/* An overflow must be reported whichever field it is in. */
TEST(every_field_reports)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		struct counters sum, part = {.known = COUNTERS_ALL_KNOWN};

		part.bytes[i] = COUNTER_MAX;
		counters_zero(&sum);
		sum.bytes[i] = 1;
		assert_false(counters_add(&sum, &part));
	}
}

TEST(keys_are_found_from_anywhere)
{
	for (unsigned from = 0; from < COUNTER_COUNT; from++) {
		unsigned expected = from;

		assert_int_equal(counter_find(SLICE("Rss"), &expected), COUNTER_RSS);
		assert_int_equal(expected, COUNTER_RSS + 1);
		expected = from;
		assert_int_equal(counter_find(SLICE("SwapPss"), &expected), COUNTER_SWAP_PSS);
		assert_int_equal(counter_find(SLICE("Pss_Shmem"), &expected), COUNTER_PSS_SHMEM);
		assert_true(expected < COUNTER_COUNT);
		expected = from;
		assert_int_equal(counter_find(SLICE("VmFlags"), &expected), -1);
		assert_int_equal(counter_find(SLICE(""), &expected),
				 -1); /* the empty key of USS must not match */
		assert_int_equal(counter_find(SLICE("Swa"), &expected), -1);
		assert_int_equal(expected, from);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sum_of_nothing_is_known),
		cmocka_unit_test(unknown_is_not_zero),
		cmocka_unit_test(a_sum_knows_what_all_parts_know),
		cmocka_unit_test(sums_stop_at_the_greatest),
		cmocka_unit_test(a_part_beyond_the_greatest),
		cmocka_unit_test(every_field_reports),
		cmocka_unit_test(keys_are_found_from_anywhere),
	};

	return RUN(tests);
}
