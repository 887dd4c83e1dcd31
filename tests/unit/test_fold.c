/* fold: adds up records by some of their keys. */
#include "support.h"

#include "model/fold.h"

static const struct grouping by = {.keys = {KEY_NAME, KEY_LABEL}, .count = 2};
static const struct grouping by_label = {.keys = {KEY_LABEL}, .count = 1};

static struct aggregate groups;
static struct group totals;
static struct fold fold;

static int set_up(void **state)
{
	(void)state;
	aggregate_init(&groups, by_label.count);
	group_zero(&totals);
	fold_init(&fold, &by, &by_label, &groups, &totals);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fold_free(&fold);
	aggregate_free(&groups);
	return 0;
}

static struct group with(uint32_t known, uint64_t rss)
{
	struct group g = {.processes = 1, .mappings = 1};

	g.counters.known = known;
	g.counters.bytes[COUNTER_RSS] = rss;
	return g;
}

/* Adds a record of one process: alternating names and labels, and the RSS of each. */
static bool add(const symbol *keys, const uint64_t *rss, uint32_t count)
{
	struct group parts[8];
	struct record r = {.groups = parts, .keys = (symbol *)(uintptr_t)keys, .count = count};

	for (uint32_t i = 0; i < count; i++)
		parts[i] = with(COUNTERS_ALL_KNOWN, rss[i]);
	return fold_add(&fold, &r);
}

static void check_group(symbol label, uint64_t processes, uint64_t mappings, uint64_t rss)
{
	const struct group *g = aggregate_find(&groups, &label);

	assert_non_null(g);
	assert_int_equal(g->processes, processes);
	assert_int_equal(g->mappings, mappings);
	assert_int_equal(g->counters.bytes[COUNTER_RSS], rss);
}

/* Two of its own groups fall into one group of the fold. */
TEST(a_process_counts_once_in_each_group)
{
	static const symbol first[] = {1, 7, 2, 7, 1, 8}, second[] = {3, 7};
	static const uint64_t rss[] = {10, 20, 40};

	assert_true(add(first, rss, 3));
	assert_true(add(second, rss, 1));
	assert_int_equal(aggregate_count(&groups), 2);
	check_group(7, 2, 3, 40);
	check_group(8, 1, 1, 40);
	assert_int_equal(totals.processes, 2);
	assert_int_equal(totals.mappings, 4);
	assert_int_equal(totals.counters.bytes[COUNTER_RSS], 80);
}

/* A record that needs no folding is taken over, once; its sums must be the same as for others. */
TEST(the_first_record_gives_its_groups)
{
	static const symbol keys[] = {7, 8};
	struct aggregate own;
	struct record r = {.keys = (symbol *)(uintptr_t)keys, .count = 2, .aggregate = &own};
	const struct group *taken;

	fold_free(&fold);
	fold_init(&fold, &by_label, &by_label, &groups, &totals);
	aggregate_init(&own, by_label.count);
	for (int i = 0; i < 2; i++) {
		aggregate_group(&own, &keys[i])->counters.bytes[COUNTER_RSS] = 10;
		own.groups[i].mappings = 1;
	}
	r.groups = own.groups;
	taken = own.groups;
	assert_true(fold_add(&fold, &r));
	assert_ptr_equal(groups.groups, taken);
	assert_int_equal(aggregate_count(&own), 0);
	check_group(7, 1, 1, 10);
	assert_int_equal(totals.processes, 1);
	assert_int_equal(totals.counters.bytes[COUNTER_RSS], 20);
	/* A second record is added, and its aggregate stays its own. */
	aggregate_group(&own, &keys[1])->counters.bytes[COUNTER_RSS] = 5;
	r.groups = own.groups;
	r.keys = (symbol *)(uintptr_t)&keys[1];
	r.count = 1;
	assert_true(fold_add(&fold, &r));
	assert_int_equal(aggregate_count(&own), 1);
	check_group(7, 1, 1, 10);
	check_group(8, 2, 1, 15);
	assert_int_equal(totals.processes, 2);
	aggregate_free(&own);
}

TEST(only_what_has_the_value)
{
	static const symbol keys[] = {1, 7, 2, 7, SYMBOL_NONE, 8};
	static const uint64_t rss[] = {10, 20, 40};

	fold_fix(&fold, KEY_NAME, 2);
	assert_true(add(keys, rss, 3));
	assert_int_equal(aggregate_count(&groups), 1);
	check_group(7, 1, 1, 20);
	assert_int_equal(totals.processes, 1);
	assert_true(add(keys, rss, 1));
	assert_int_equal(totals.processes, 1);
}

TEST(what_has_no_value)
{
	static const symbol keys[] = {1, 7, 2, 7, SYMBOL_NONE, 8};
	static const uint64_t rss[] = {10, 20, 40};

	fold_fix(&fold, KEY_NAME, SYMBOL_NONE);
	assert_true(add(keys, rss, 3));
	assert_int_equal(aggregate_count(&groups), 1);
	check_group(8, 1, 1, 40);
}

TEST(known_is_what_all_know)
{
	struct group whole = with(COUNTER_BIT(COUNTER_RSS) | COUNTER_BIT(COUNTER_PSS), 1);
	struct group part = with(COUNTER_BIT(COUNTER_PSS), 0);
	symbol key[] = {1, 7};
	struct record a = {.groups = &whole, .keys = key, .count = 1};
	struct record b = {.groups = &part, .keys = key, .count = 1};

	assert_true(fold_add(&fold, &a));
	assert_true(fold_add(&fold, &b));
	assert_int_equal(groups.groups[0].counters.known, COUNTER_BIT(COUNTER_PSS));
	assert_int_equal(totals.counters.known, COUNTER_BIT(COUNTER_PSS));
}

TEST(a_process_without_groups)
{
	struct record none = {.inexact = true};

	assert_true(fold_add(&fold, &none));
	assert_int_equal(aggregate_count(&groups), 0);
	assert_int_equal(totals.processes, 0);
	assert_true(groups.inexact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_process_counts_once_in_each_group, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_first_record_gives_its_groups, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(only_what_has_the_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_no_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(known_is_what_all_know, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_process_without_groups, set_up, tear_down),
	};

	return RUN(tests);
}
