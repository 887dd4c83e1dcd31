/* Stacks of threads by what the C library keeps at their top, and what only looks so. */
#include "fake_memory.h"
#include "support.h"

#define MIB UINT64_C(0x100000)
#define AT  UINT64_C(0x7f5500000000)

static struct fake_memory fake;

static int set_up(void **state)
{
	(void)state;
	fake_memory_init(&fake);
	return 0;
}

/* A thread of glibc below an address. */
static void put_thread(uint64_t top)
{
	const uint64_t at = top - 0x900, words[] = {at, 0x1234, at};

	fake_memory_put(&fake, at, words, sizeof(words));
}

static void expect(uint64_t start, uint64_t end, uint64_t until)
{
	size_t count;
	const struct content_part *part = fake_memory_look(&fake, start, end, &count);

	assert_int_equal(count, until ? 1 : 0);
	if (until == 0)
		return;
	assert_int_equal(part->start, start);
	assert_int_equal(part->end, until);
	assert_int_equal(part->guess, GUESS_STACK);
}

TEST(a_thread_shows_at_the_top_of_its_stack)
{
	put_thread(AT + 8 * MIB);
	expect(AT, AT + 8 * MIB, AT + 8 * MIB);
	expect(AT + 0x1000, AT + 8 * MIB, AT + 8 * MIB);
}

TEST(a_thread_of_musl_is_in_a_ring)
{
	const uint64_t at = AT + 2 * MIB - 0x500, other = AT + 64 * MIB;
	const uint64_t words[] = {at, 0x1234, other, other}, ring[] = {other, 0, at, at};

	fake_memory_put(&fake, at, words, sizeof(words));
	expect(AT, AT + 2 * MIB, 0);
	fake_memory_put(&fake, other, ring, sizeof(ring));
	expect(AT, AT + 2 * MIB, AT + 2 * MIB);
}

/* As the kernel merges those with guard pages inside. */
TEST(several_stacks_and_other_memory_above)
{
	for (uint64_t i = 1; i <= 5; i++)
		put_thread(AT + i * (8 * MIB + 0x1000));
	expect(AT, AT + 300 * MIB, AT + 5 * (8 * MIB + 0x1000));
}

/* One address of its own may lie anywhere: a list of which the head points at itself. */
TEST(what_points_at_itself_once_is_no_thread)
{
	const uint64_t at = AT + 8 * MIB - 0x900, list[] = {at, at, 0x1000, 0};

	fake_memory_put(&fake, at, list, sizeof(list));
	expect(AT, AT + 8 * MIB, 0);
}

TEST(a_thread_elsewhere_is_none)
{
	put_thread(AT + 8 * MIB);
	put_thread(AT + 5 * MIB + 0x3000);
	expect(AT, AT + 8 * MIB - 0x1000, 0);
	expect(AT, AT + 7 * MIB, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
		CASE(a_thread_shows_at_the_top_of_its_stack),
		CASE(a_thread_of_musl_is_in_a_ring),
		CASE(several_stacks_and_other_memory_above),
		CASE(what_points_at_itself_once_is_no_thread),
		CASE(a_thread_elsewhere_is_none),
	};

	return RUN(tests);
}
