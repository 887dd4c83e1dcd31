/* verify: bounds, exactly at their edges. */
#include "support.h"

#include "model/verify.h"

enum { KIB = 1024 };

static struct counters with(enum counter c, uint64_t bytes)
{
	struct counters counters = {.known = COUNTER_BIT(c)};

	counters.bytes[c] = bytes;
	return counters;
}

/* What verify_process() says of one counter. */
static int compare(enum counter c, uint64_t sum, uint64_t mappings, uint64_t before, uint64_t after)
{
	struct counters s = with(c, sum), b = with(c, before), a = with(c, after);
	struct verification v;
	int status;

	verification_init(&v);
	status = verify_process(&v, 9, &s, mappings, &b, &a);
	assert_int_equal(v.count, status);
	assert_int_equal(verification_agrees(&v), !status);
	if (status) {
		assert_int_equal(v.differences[0].process, 9);
		assert_int_equal(v.differences[0].counter, c);
		assert_int_equal(v.differences[0].sum, sum);
		assert_int_equal(v.differences[0].before, before);
		assert_int_equal(v.differences[0].after, after);
	}
	verification_free(&v);
	assert_int_equal(v.count, 0);
	return status;
}

TEST(whole_pages_agree_exactly)
{
	assert_int_equal(compare(COUNTER_RSS, 100 * KIB, 5, 100 * KIB, 100 * KIB), 0);
	assert_int_equal(compare(COUNTER_RSS, 100 * KIB - 1, 5, 100 * KIB, 100 * KIB), 1);
	assert_int_equal(compare(COUNTER_RSS, 100 * KIB + 1, 5, 100 * KIB, 100 * KIB), 1);
	assert_int_equal(compare(COUNTER_SWAP, 99 * KIB, 5, 100 * KIB, 100 * KIB), 1);
	assert_int_equal(compare(COUNTER_ANONYMOUS, 99 * KIB, 5, 100 * KIB, 100 * KIB), 1);
	assert_int_equal(compare(COUNTER_RSS, 0, 0, 0, 0), 0);
}

TEST(between_the_two_in_either_direction)
{
	assert_int_equal(compare(COUNTER_RSS, 100 * KIB, 5, 100 * KIB, 200 * KIB), 0);
	assert_int_equal(compare(COUNTER_RSS, 200 * KIB, 5, 100 * KIB, 200 * KIB), 0);
	assert_int_equal(compare(COUNTER_RSS, 150 * KIB, 5, 200 * KIB, 100 * KIB), 0);
	assert_int_equal(compare(COUNTER_RSS, 200 * KIB + 1, 5, 100 * KIB, 200 * KIB), 1);
	assert_int_equal(compare(COUNTER_RSS, 100 * KIB - 1, 5, 200 * KIB, 100 * KIB), 1);
}

/* Less than 1 kB a mapping may be missing, and nothing may be too much. */
TEST(shares_are_rounded_down)
{
	static const enum counter shares[] = {COUNTER_PSS, COUNTER_PSS_DIRTY, COUNTER_SWAP_PSS,
					      COUNTER_LOCKED};

	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		enum counter c = shares[i];

		assert_int_equal(compare(c, 100 * KIB, 5, 100 * KIB, 100 * KIB), 0);
		assert_int_equal(compare(c, 95 * KIB + 1, 5, 100 * KIB, 100 * KIB), 0);
		assert_int_equal(compare(c, 95 * KIB, 5, 100 * KIB, 100 * KIB), 1);
		assert_int_equal(compare(c, 100 * KIB + 1, 5, 100 * KIB, 100 * KIB), 1);
		assert_int_equal(compare(c, 95 * KIB + 1, 5, 200 * KIB, 100 * KIB), 0);
		assert_int_equal(compare(c, 100 * KIB, 1, 100 * KIB, 100 * KIB), 0);
		assert_int_equal(compare(c, 99 * KIB, 1, 100 * KIB, 100 * KIB), 1);
		assert_int_equal(compare(c, 0, 0, KIB, KIB), 1);
	}
}

TEST(only_what_all_three_know)
{
	struct counters known = with(COUNTER_RSS, 1), other = with(COUNTER_PSS, 2);
	struct verification v;

	verification_init(&v);
	other.bytes[COUNTER_RSS] = 5;
	assert_int_equal(verify_process(&v, 1, &known, 1, &known, &other), 0);
	assert_int_equal(verify_process(&v, 1, &known, 1, &other, &known), 0);
	assert_int_equal(verify_process(&v, 1, &other, 1, &known, &known), 0);
	assert_true(verification_agrees(&v));
	verification_free(&v);
}

TEST(counters_of_the_rollup_alone_are_not_compared)
{
	assert_int_equal(compare(COUNTER_PSS_ANON, 0, 1, 5 * KIB, 5 * KIB), 0);
}

TEST(differences_add_up)
{
	struct counters sum = {.known = COUNTERS_ALL_KNOWN}, rollup = sum;
	struct verification v;
	size_t count;

	verification_init(&v);
	for (int i = 0; i < COUNTER_COUNT; i++)
		rollup.bytes[i] = 64 * KIB;
	for (symbol process = 0; process < 10; process++)
		assert_int_equal(verify_process(&v, process, &sum, 3, &rollup, &rollup), 1);
	count = v.count;
	assert_true(count >= (size_t)10 * COUNTER_USS);
	assert_int_equal(v.differences[v.count - 1].process, 9);
	assert_int_equal(verify_process(&v, 10, &rollup, 3, &rollup, &rollup), 0);
	assert_int_equal(v.count, count);
	assert_false(verification_agrees(&v));
	verification_free(&v);
}

TEST(the_systems_total)
{
	struct verification v = {
		.anon_known = true, .anon_before = 1000, .anon_after = 2000, .anon_tolerance = 100};

	v.pss_anon = 900;
	assert_true(verification_anon_agrees(&v));
	v.pss_anon = 899;
	assert_false(verification_anon_agrees(&v));
	assert_false(verification_agrees(&v));
	v.pss_anon = 2100;
	assert_true(verification_anon_agrees(&v));
	v.pss_anon = 2101;
	assert_false(verification_anon_agrees(&v));
	v.anon_before = 2000;
	v.anon_after = 1000;
	assert_false(verification_anon_agrees(&v));
	v.pss_anon = 2100;
	assert_true(verification_anon_agrees(&v));
	v.pss_anon = 900;
	assert_true(verification_agrees(&v));
	v.pss_anon = 0;
	v.anon_known = false;
	assert_true(verification_anon_agrees(&v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pages_agree_exactly),
		cmocka_unit_test(between_the_two_in_either_direction),
		cmocka_unit_test(shares_are_rounded_down),
		cmocka_unit_test(only_what_all_three_know),
		cmocka_unit_test(counters_of_the_rollup_alone_are_not_compared),
		cmocka_unit_test(differences_add_up),
		cmocka_unit_test(the_systems_total),
	};

	return RUN(tests);
}
