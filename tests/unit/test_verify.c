/* verify: tests bounds exactly at their edges. */
#include "support.h"

#include "model/verify.h"

enum { KIB = 1024 };

static struct counters with(enum counter c, uint64_t bytes)
{
	struct counters counters = {.known = COUNTER_BIT(c)};

	counters.bytes[c] = bytes;
	return counters;
}

/* Whether one counter differs. */
static int compare(enum counter c, uint64_t sum, uint64_t mappings, uint64_t before, uint64_t after)
{
	struct counters s = with(c, sum), b = with(c, before), a = with(c, after);
	struct comparison comparison;
	struct verification v;

	comparison_make(&comparison, &s, mappings, &b, &a);
	verification_init(&v);
	assert_true(verification_add(&v, 9, SYMBOL_NONE, &comparison));
	assert_int_equal(v.compared, 1);
	assert_int_equal(v.count, comparison.count);
	assert_int_equal(verification_agrees(&v), comparison.count == 0);
	if (v.count) {
		assert_int_equal(v.count, 1);
		assert_int_equal(v.differences[0].process, 9);
		assert_int_equal(v.differences[0].difference.counter, c);
		assert_int_equal(v.differences[0].difference.sum, sum);
		assert_int_equal(v.differences[0].difference.before, before);
		assert_int_equal(v.differences[0].difference.after, after);
	}
	verification_free(&v);
	assert_int_equal(v.count, 0);
	return (int)comparison.count;
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

/* Up to 1 kB per mapping may be missing, and nothing may be too much. */
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

/* How many counters differ. */
static unsigned differences(const struct counters *sum, uint64_t mappings,
			    const struct counters *before, const struct counters *after)
{
	struct comparison c;

	comparison_make(&c, sum, mappings, before, after);
	return c.count;
}

TEST(only_what_all_three_know)
{
	struct counters known = with(COUNTER_RSS, 1), other = with(COUNTER_PSS, 2);

	other.bytes[COUNTER_RSS] = 5;
	assert_int_equal(differences(&known, 1, &known, &other), 0);
	assert_int_equal(differences(&known, 1, &other, &known), 0);
	assert_int_equal(differences(&other, 1, &known, &known), 0);
}

TEST(a_process_without_a_rollup)
{
	const struct comparison none = {.made = false};
	struct verification v;

	verification_init(&v);
	assert_true(verification_add(&v, SYMBOL_NONE, SYMBOL_NONE, &none));
	assert_int_equal(v.compared, 0);
	assert_int_equal(v.without_rollup, 1);
	assert_int_equal(v.without_pss_anon, 1);
	assert_false(verification_agrees(&v));
	verification_free(&v);
}

TEST(the_anonymous_memory_of_the_rollup)
{
	struct counters rollup = with(COUNTER_PSS_ANON, 5 * KIB);
	struct comparison c;
	struct verification v;

	verification_init(&v);
	comparison_make(&c, &rollup, 1, &rollup, &rollup);
	assert_true(verification_add(&v, 1, SYMBOL_NONE, &c));
	assert_true(verification_add(&v, 2, SYMBOL_NONE, &c));
	assert_int_equal(v.pss_anon, 10 * KIB);
	assert_int_equal(v.without_pss_anon, 0);
	rollup.known = 0;
	comparison_make(&c, &rollup, 1, &rollup, &rollup);
	assert_true(verification_add(&v, 3, SYMBOL_NONE, &c));
	assert_int_equal(v.pss_anon, 10 * KIB);
	assert_int_equal(v.without_pss_anon, 1);
	verification_free(&v);
}

TEST(counters_of_the_rollup_alone_are_not_compared)
{
	assert_int_equal(compare(COUNTER_PSS_ANON, 0, 1, 5 * KIB, 5 * KIB), 0);
}

TEST(differences_add_up)
{
	struct counters sum = {.known = COUNTERS_ALL_KNOWN}, rollup = sum;
	struct comparison differs, agrees;
	struct verification v;
	size_t count;

	verification_init(&v);
	for (int i = 0; i < COUNTER_COUNT; i++)
		rollup.bytes[i] = 64 * KIB;
	comparison_make(&differs, &sum, 3, &rollup, &rollup);
	comparison_make(&agrees, &rollup, 3, &rollup, &rollup);
	assert_int_equal(differs.count, COUNTER_USS);
	for (symbol process = 0; process < 10; process++)
		assert_true(verification_add(&v, process, SYMBOL_NONE, &differs));
	count = v.count;
	assert_int_equal(count, (size_t)10 * COUNTER_USS);
	assert_int_equal(v.differences[v.count - 1].process, 9);
	assert_true(verification_add(&v, 10, SYMBOL_NONE, &agrees));
	assert_int_equal(v.count, count);
	assert_false(verification_agrees(&v));
	verification_free(&v);
}

TEST(the_systems_total)
{
	struct verification v = {.anon_known = true,
				 .anon_whole = true,
				 .anon_before = 1000,
				 .anon_after = 2000,
				 .anon_tolerance = 100};

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

/* The total of some processes may be less than the kernel counts, but never more. */
TEST(the_total_of_some)
{
	struct verification v = {
		.anon_known = true, .anon_before = 1000, .anon_after = 2000, .anon_tolerance = 100};

	assert_true(verification_anon_agrees(&v));
	v.pss_anon = 2100;
	assert_true(verification_anon_agrees(&v));
	v.pss_anon = 2101;
	assert_false(verification_anon_agrees(&v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pages_agree_exactly),
		cmocka_unit_test(between_the_two_in_either_direction),
		cmocka_unit_test(shares_are_rounded_down),
		cmocka_unit_test(only_what_all_three_know),
		cmocka_unit_test(a_process_without_a_rollup),
		cmocka_unit_test(the_anonymous_memory_of_the_rollup),
		cmocka_unit_test(counters_of_the_rollup_alone_are_not_compared),
		cmocka_unit_test(differences_add_up),
		cmocka_unit_test(the_systems_total),
		cmocka_unit_test(the_total_of_some),
	};

	return RUN(tests);
}
