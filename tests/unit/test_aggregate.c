/* aggregate: sums by key. */
#include "support.h"

#include "model/aggregate.h"

static struct counters rss(uint64_t bytes)
{
	struct counters c = {.known = COUNTER_BIT(COUNTER_RSS)};

	c.bytes[COUNTER_RSS] = bytes;
	return c;
}

static void add(struct aggregate *a, symbol x, symbol y, uint64_t bytes)
{
	const symbol key[] = {x, y};
	struct counters c = rss(bytes);

	struct group *g = aggregate_group(a, key);

	assert_non_null(g);
	aggregate_add(a, g, &c);
}

#define assert_group(a, i, x, y, procs, maps, bytes_)                                              \
	do {                                                                                       \
		assert_int_equal(aggregate_key((a), (i))[0], (x));                                 \
		assert_int_equal(aggregate_key((a), (i))[1], (y));                                 \
		assert_int_equal((a)->groups[i].processes, (procs));                               \
		assert_int_equal((a)->groups[i].mappings, (maps));                                 \
		assert_int_equal((a)->groups[i].counters.bytes[COUNTER_RSS], (bytes_));            \
	} while (0)

TEST(mappings_join_their_groups)
{
	struct aggregate a;

	aggregate_init(&a, 2);
	assert_int_equal(aggregate_count(&a), 0);
	add(&a, 1, 2, 10);
	add(&a, 2, 1, 20);
	add(&a, 1, 2, 5);
	add(&a, 1, SYMBOL_NONE, 7); /* unknown is a value too */
	assert_int_equal(aggregate_count(&a), 3);
	assert_group(&a, 0, 1, 2, 1, 2, 15);
	assert_group(&a, 1, 2, 1, 1, 1, 20);
	assert_group(&a, 2, 1, SYMBOL_NONE, 1, 1, 7);
	assert_int_equal(a.groups[0].counters.known, COUNTER_BIT(COUNTER_RSS));
	assert_false(a.inexact);
	aggregate_free(&a);
}

TEST(merging_adds_processes)
{
	struct aggregate all, one;

	aggregate_init(&all, 2);
	aggregate_init(&one, 2);
	for (unsigned i = 1; i <= 3; i++) {
		aggregate_reset(&one);
		add(&one, 1, 2, i);
		add(&one, 1, 2, i);
		if (i == 2)
			add(&one, 3, 4, 100);
		assert_true(aggregate_merge(&all, &one));
	}
	assert_int_equal(aggregate_count(&all), 2);
	assert_group(&all, 0, 1, 2, 3, 6, 12);
	assert_group(&all, 1, 3, 4, 1, 1, 100);
	aggregate_free(&all);
	aggregate_free(&one);
}

TEST(merging_keeps_what_all_know)
{
	const symbol key[] = {1, 2};
	struct counters with = rss(1), without = {.known = COUNTER_BIT(COUNTER_PSS)};
	struct aggregate all, one;

	with.known |= COUNTER_BIT(COUNTER_PSS);
	aggregate_init(&all, 2);
	aggregate_init(&one, 2);
	aggregate_add(&all, aggregate_group(&all, key), &with);
	aggregate_add(&one, aggregate_group(&one, key), &without);
	assert_true(aggregate_merge(&all, &one));
	assert_int_equal(all.groups[0].counters.known, COUNTER_BIT(COUNTER_PSS));
	aggregate_free(&all);
	aggregate_free(&one);
}

TEST(merging_nothing)
{
	struct aggregate all, none;

	aggregate_init(&all, 2);
	aggregate_init(&none, 2);
	assert_true(aggregate_merge(&all, &none));
	assert_int_equal(aggregate_count(&all), 0);
	add(&all, 1, 2, 3);
	assert_true(aggregate_merge(&all, &none));
	assert_int_equal(aggregate_count(&all), 1);
	aggregate_free(&all);
	aggregate_free(&none);
}

/* Groups are many, and those of a reset one are new ones. */
TEST(many_groups_and_a_reset)
{
	struct aggregate a;

	aggregate_init(&a, 2);
	for (int round = 0; round < 3; round++) {
		for (symbol i = 0; i < 5000; i++) {
			add(&a, i, i / 2, i);
			add(&a, i, i / 2, 1);
		}
		assert_int_equal(aggregate_count(&a), 5000);
		for (uint32_t i = 0; i < 5000; i++)
			assert_group(&a, i, i, i / 2, 1, 2, i + 1);
		aggregate_reset(&a);
		assert_int_equal(aggregate_count(&a), 0);
	}
	aggregate_free(&a);
}

TEST(what_is_cut_off_is_reported)
{
	struct aggregate a, b;

	aggregate_init(&a, 2);
	aggregate_init(&b, 2);
	add(&a, 1, 1, COUNTER_MAX);
	assert_false(a.inexact);
	add(&b, 1, 1, 1);
	assert_true(aggregate_merge(&b, &a));
	assert_true(b.inexact);
	assert_true(b.groups[0].counters.bytes[COUNTER_RSS] == COUNTER_MAX);
	add(&a, 1, 1, 1);
	assert_true(a.inexact);
	/* It is passed on, even where the merge itself cuts nothing. */
	aggregate_reset(&b);
	assert_false(b.inexact);
	assert_true(aggregate_merge(&b, &a));
	assert_true(b.inexact);
	aggregate_free(&a);
	aggregate_free(&b);
}

TEST(groups_add_up)
{
	struct group sum, part = {.processes = 2, .mappings = 3};

	group_zero(&sum);
	assert_int_equal(sum.counters.known, COUNTERS_ALL_KNOWN);
	part.counters = rss(5);
	assert_true(group_add(&sum, &part));
	assert_true(group_add(&sum, &part));
	assert_int_equal(sum.processes, 4);
	assert_int_equal(sum.mappings, 6);
	assert_int_equal(sum.counters.bytes[COUNTER_RSS], 10);
	part.counters = rss(COUNTER_MAX);
	assert_false(group_add(&sum, &part));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_join_their_groups),
		cmocka_unit_test(merging_adds_processes),
		cmocka_unit_test(merging_keeps_what_all_know),
		cmocka_unit_test(merging_nothing),
		cmocka_unit_test(many_groups_and_a_reset),
		cmocka_unit_test(what_is_cut_off_is_reported),
		cmocka_unit_test(groups_add_up),
	};

	return RUN(tests);
}
