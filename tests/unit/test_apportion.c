/* apportion: the parts of a mapping add up to the mapping, to the byte. */
#include "support.h"

#include "source/pages.h"

enum { PARTS = 7, PAGE = 4096 };

static struct counters parts_counters[PARTS];

static void divide(const struct counters *whole, const struct part *parts, size_t count)
{
	struct apportionment d;

	apportion_begin(&d, whole, parts, count);
	for (size_t i = 0; i < count; i++)
		apportion_next(&d, &parts[i], &parts_counters[i]);
}

static void know(struct counters *c, enum counter counter, uint64_t bytes)
{
	c->bytes[counter] = bytes;
	c->known |= COUNTER_BIT(counter);
}

TEST(what_the_page_tables_say_is_exact)
{
	const struct part parts[] = {
		{0x1000, 0x9000, "a", 4 * PAGE, 3 * PAGE, PAGE, 0},
		{0x9000, 0xb000, NULL, 2 * PAGE, 0, 0, 0},
		{0xb000, 0xf000, "b", 0, 0, 0, 0},
	};
	struct counters whole = {.known = 0};

	know(&whole, COUNTER_SIZE, 14 * PAGE);
	know(&whole, COUNTER_RSS, 6 * PAGE);
	know(&whole, COUNTER_ANONYMOUS, 6 * PAGE);
	know(&whole, COUNTER_PSS, 3 * PAGE + 3 * PAGE / 2);
	know(&whole, COUNTER_PRIVATE_CLEAN, PAGE);
	know(&whole, COUNTER_PRIVATE_DIRTY, 2 * PAGE);
	know(&whole, COUNTER_USS, 3 * PAGE);
	know(&whole, COUNTER_SHARED_DIRTY, 3 * PAGE);
	know(&whole, COUNTER_SWAP, PAGE);
	divide(&whole, parts, 3);
	assert_int_equal(parts_counters[0].known, whole.known);
	assert_int_equal(parts_counters[0].bytes[COUNTER_SIZE], 8 * PAGE);
	assert_int_equal(parts_counters[0].bytes[COUNTER_RSS], 4 * PAGE);
	assert_int_equal(parts_counters[0].bytes[COUNTER_USS], 3 * PAGE);
	assert_int_equal(parts_counters[0].bytes[COUNTER_SHARED_DIRTY], PAGE);
	assert_int_equal(parts_counters[0].bytes[COUNTER_SWAP], PAGE);
	assert_int_equal(parts_counters[0].bytes[COUNTER_PSS], 3 * PAGE + PAGE / 2);
	assert_int_equal(parts_counters[1].bytes[COUNTER_RSS], 2 * PAGE);
	assert_int_equal(parts_counters[1].bytes[COUNTER_USS], 0);
	assert_int_equal(parts_counters[1].bytes[COUNTER_PSS], PAGE);
	assert_int_equal(parts_counters[2].bytes[COUNTER_SIZE], 4 * PAGE);
	assert_int_equal(parts_counters[2].bytes[COUNTER_RSS], 0);
}

/* The process ran between smaps and pagemap. */
TEST(nothing_is_lost_where_no_page_was_seen)
{
	const struct part parts[] = {
		{0x1000, 0x2000, "a", 0, 0, 0, 0},
		{0x2000, 0x4000, "b", 0, 0, 0, 0},
	};
	struct counters whole = {.known = 0};

	know(&whole, COUNTER_RSS, 3 * PAGE);
	know(&whole, COUNTER_PSS, 1000);
	divide(&whole, parts, 2);
	assert_int_equal(parts_counters[0].bytes[COUNTER_RSS], PAGE);
	assert_int_equal(parts_counters[1].bytes[COUNTER_RSS], 2 * PAGE);
	assert_int_equal(
		parts_counters[0].bytes[COUNTER_PSS] + parts_counters[1].bytes[COUNTER_PSS], 1000);
}

static void expect_swapped(struct part *parts, uint64_t swap, bool known, uint64_t first,
			   uint64_t second)
{
	struct part copy[] = {parts[0], parts[1]};

	assert_int_equal(pages_settle_swap(copy, 2, swap), known);
	if (known) {
		assert_int_equal(copy[0].swapped, first);
		assert_int_equal(copy[1].swapped, second);
	}
}

/* Markers of userfaultfd(2) in page tables look like swap; the sum in smaps tells. */
TEST(marks_are_not_swap)
{
	struct part parts[] = {
		{0x1000, 0x9000, "a", 0, 0, 5 * PAGE, 3 * PAGE},
		{0x9000, 0xf000, "b", 0, 0, 4 * PAGE, 0},
	};

	expect_swapped(parts, 9 * PAGE, true, 5 * PAGE, 4 * PAGE); /* really swapped */
	expect_swapped(parts, 6 * PAGE, true, 2 * PAGE, 4 * PAGE);
	expect_swapped(parts, 0, true, 0, 0);
	expect_swapped(parts, 7 * PAGE, false, 0, 0);
	parts[1].swapped = 0; /* then it can only be the first one's */
	expect_swapped(parts, PAGE, true, 5 * PAGE, 0);
}

static uint64_t random_number(void)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return state >> (32 + state % 24);
}

TEST(sums_agree)
{
	for (int round = 0; round < 2000; round++) {
		struct part parts[PARTS];
		struct counters whole, sum;
		uint64_t at = PAGE;

		for (int i = 0; i < PARTS; i++) {
			struct part *p = &parts[i];

			p->start = at;
			p->end = at += PAGE * (1 + random_number());
			p->resident = PAGE * random_number();
			p->exclusive = p->resident / PAGE / (1 + random_number() % 3) * PAGE;
			p->swapped = PAGE * random_number();
		}
		counters_zero(&whole);
		counters_zero(&sum);
		for (int c = 0; c < COUNTER_COUNT; c++)
			whole.bytes[c] =
				round % 2 ? random_number() * 1024 : random_number() << round % 25;
		whole.bytes[COUNTER_USS] =
			whole.bytes[COUNTER_PRIVATE_CLEAN] + whole.bytes[COUNTER_PRIVATE_DIRTY];
		divide(&whole, parts, PARTS);
		for (int i = 0; i < PARTS; i++)
			assert_true(counters_add(&sum, &parts_counters[i]));
		assert_memory_equal(sum.bytes, whole.bytes, sizeof(sum.bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_page_tables_say_is_exact),
		cmocka_unit_test(nothing_is_lost_where_no_page_was_seen),
		cmocka_unit_test(marks_are_not_swap),
		cmocka_unit_test(sums_agree),
	};

	return RUN(tests);
}
