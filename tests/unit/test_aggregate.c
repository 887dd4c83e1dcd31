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
	aggregate_add(a, g, 1, &c);
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

/* Many groups; after a reset, groups are new. */
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
	struct aggregate a;

	aggregate_init(&a, 2);
	add(&a, 1, 1, COUNTER_MAX);
	assert_false(a.inexact);
	add(&a, 1, 1, 1);
	assert_true(a.inexact);
	assert_true(a.groups[0].counters.bytes[COUNTER_RSS] == COUNTER_MAX);
	aggregate_reset(&a);
	assert_false(a.inexact);
	aggregate_free(&a);
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

/* What is known of a heap is at least that of all; a sum is cut off rather than wrong. */
TEST(heaps_add_up)
{
	const struct heap_use some = {.known = true, .used = 5, .free = 3, .trimmable = 2};
	const struct heap_use lost = {.partial = true};
	const struct heap_use large = {.known = true, .free = COUNTER_MAX};
	struct group sum, part = {.processes = 1};

	group_zero(&sum);
	assert_true(group_add(&sum, &part));
	assert_false(sum.heap.known || sum.heap.partial);
	part.heap = some;
	assert_true(group_add(&sum, &part));
	assert_true(sum.heap.known && !sum.heap.partial);
	heap_use_add(&sum.heap, &lost);
	heap_use_add(&sum.heap, &large);
	assert_true(sum.heap.known && sum.heap.partial);
	assert_int_equal(sum.heap.used, 5);
	assert_int_equal(sum.heap.free, COUNTER_MAX);
	assert_int_equal(sum.heap.trimmable, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_join_their_groups),
		cmocka_unit_test(many_groups_and_a_reset),
		cmocka_unit_test(what_is_cut_off_is_reported),
		cmocka_unit_test(groups_add_up),
		cmocka_unit_test(heaps_add_up),
	};

	return RUN(tests);
}
