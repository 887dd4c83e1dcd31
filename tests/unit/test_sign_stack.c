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

#define LISTS UINT64_C(0x7f6600000000) /* of the C library */

/* A thread of glibc at the end of its stack, in a list of stacks. */
static void put_thread(uint64_t start, uint64_t size)
{
	static uint64_t head = LISTS;
	const uint64_t list[] = {0, start + size - 0x600}; /* an empty one */
	const uint64_t at = start + size - 0x900, words[] = {at, 0x1234, at},
		       stack[] = {start, size};

	fake_memory_put(&fake, at, words, sizeof(words));
	fake_memory_put(&fake, at + 0x300, list, sizeof(list));
	head += 16;
	fake_memory_put(&fake, at + 704, &head, sizeof(head));
	fake_memory_put(&fake, head + 8, (const uint64_t[]){at + 704}, sizeof(uint64_t));
	fake_memory_put(&fake, at + 0x690, stack, sizeof(stack));
}

static void expect(uint64_t start, uint64_t end, uint64_t from, uint64_t until)
{
	size_t count;
	const struct content_part *part = fake_memory_look(&fake, start, end, &count);

	assert_int_equal(count, until ? 1 : 0);
	if (until == 0)
		return;
	assert_int_equal(part->start, from);
	assert_int_equal(part->end, until);
	assert_int_equal(part->guess, GUESS_STACK);
}

TEST(a_thread_shows_at_the_top_of_its_stack)
{
	put_thread(AT, 8 * MIB);
	expect(AT, AT + 8 * MIB, AT, AT + 8 * MIB);
	expect(AT + 0x1000, AT + 8 * MIB, AT + 0x1000, AT + 8 * MIB);
	expect(AT - 4 * MIB, AT + 8 * MIB, AT, AT + 8 * MIB);
}

/* Made by hand: in no list, or in one of its own. */
TEST(a_thread_that_is_not_listed)
{
	const uint64_t at = AT + 8 * MIB - 0x900, list = at + 704;
	const uint64_t wrong[] = {0, 0x0101010101010101, LISTS, list};
	size_t count;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const uint64_t links[] = {wrong[i], list};
		const struct content_part *part;

		set_up(NULL);
		put_thread(AT, 8 * MIB);
		fake_memory_put(&fake, LISTS, (const uint64_t[]){7, 7}, 2 * sizeof(uint64_t));
		fake_memory_put(&fake, list, links, sizeof(links));
		part = fake_memory_look(&fake, AT, AT + 8 * MIB, &count);
		assert_int_equal(count, 1);
		assert_int_equal(part->guess, GUESS_STACK_LIKELY);
	}
}

TEST(a_thread_of_musl_is_in_a_ring)
{
	const uint64_t at = AT + 2 * MIB - 0x500, other = AT + 64 * MIB;
	const uint64_t words[] = {at, 0x1234, other, other, 0, AT, 2 * MIB};
	const uint64_t ring[] = {other, 0, at, at};

	fake_memory_put(&fake, at, words, sizeof(words));
	expect(AT, AT + 2 * MIB, 0, 0);
	fake_memory_put(&fake, other, ring, sizeof(ring));
	expect(AT, AT + 2 * MIB, AT, AT + 2 * MIB);
}

TEST(a_thread_of_32_bits)
{
	const uint32_t start = 0xe0000000, size = 0x800000, at = start + size - 0x500;
	const uint32_t words[] = {at, 0x1234, at, 0, 1, 2, start, size};

	fake_memory_put(&fake, at, words, sizeof(words));
	expect(start, start + size, start, start + size);
}

/* As the kernel merges those with guard pages inside. */
TEST(several_stacks_and_other_memory)
{
	const uint64_t size = 8 * MIB + 0x1000;

	for (uint64_t i = 0; i < 5; i++)
		put_thread(AT + i * size, size);
	expect(AT, AT + 300 * MIB, AT, AT + 5 * size);
	expect(AT - 100 * MIB, AT + 5 * size, AT, AT + 5 * size);
}

/* That of the first thread does not lie in a stack that it knows. */
TEST(a_thread_without_a_stack)
{
	const uint64_t at = AT + 8 * MIB - 0x900, words[] = {at, 0x1234, at};

	fake_memory_put(&fake, at, words, sizeof(words));
	expect(AT, AT + 8 * MIB, 0, 0);
}

/* One address of its own may lie anywhere: a list of which the head points at itself. */
TEST(what_points_at_itself_once_is_no_thread)
{
	const uint64_t at = AT + 8 * MIB - 0x900, list[] = {at, at, 0x1000, 0, AT, 8 * MIB};

	fake_memory_put(&fake, at, list, sizeof(list));
	expect(AT, AT + 8 * MIB, 0, 0);
}

TEST(a_stack_that_ends_elsewhere)
{
	put_thread(AT, 8 * MIB);
	expect(AT, AT + 8 * MIB - 0x1000, 0, 0);
	expect(AT + 0x3000, AT + 12 * MIB, 0, 0);
}

/* The guess for a mapping behind a guard page, of which so much is there. */
static enum guess guess_of(uint64_t size, uint64_t resident, uint64_t pointer)
{
	const struct mapping guard = {.start = AT - 0x1000, .end = AT, .perms = "---p"};
	const struct mapping m = {.start = AT,
				  .end = AT + size,
				  .perms = "rw-p",
				  .counters.bytes[COUNTER_RSS] = resident};
	struct sign_facts facts = {0};

	signs.pass(&guard, &facts);
	return (enum guess)signs.stack_of(&m, pointer, &facts);
}

TEST(a_stack_pointer_behind_a_guard_page)
{
	const uint64_t small = 0x4000, huge = 64 * MIB;

	assert_int_equal(guess_of(8 * MIB, 0x2000, AT + 8 * MIB - 0x1100), GUESS_STACK);
	assert_int_equal(guess_of(small, small, AT), GUESS_STACK);
	assert_int_equal(guess_of(huge, 0x2000, AT + huge - 0x3000), GUESS_STACK);
}

TEST(a_stack_pointer_where_no_stack_is)
{
	const uint64_t huge = 64 * MIB + 0x11000;
	const struct mapping m = {.start = AT,
				  .end = AT + MIB,
				  .perms = "rw-p",
				  .counters.bytes[COUNTER_RSS] = 0x2000};
	const struct mapping before = {.start = AT - MIB, .end = AT, .perms = "---p"};
	struct sign_facts facts = {0};

	/* Too large, too small, and an area of which much more lies above the pointer. */
	assert_int_equal(guess_of(huge, 0x2000, AT + huge - 0x1000), GUESS_NONE);
	assert_int_equal(guess_of(0x3000, 0x2000, AT + 0x2000), GUESS_NONE);
	assert_int_equal(guess_of(4 * MIB, 0x8000, AT + 2 * MIB), GUESS_NONE);
	assert_int_equal(guess_of(MIB, MIB - 0x1000, AT + MIB - 0x1000), GUESS_NONE);
	/* An area that ends in a stack. */
	assert_int_equal(guess_of(4 * MIB, 0x6000, AT + 4 * MIB - 0x1100), GUESS_NONE);
	/* Not behind a guard page. */
	assert_int_equal(signs.stack_of(&m, AT + MIB - 0x1000, &facts), GUESS_NONE);
	signs.pass(&before, &facts);
	assert_int_equal(signs.stack_of(&m, AT + MIB - 0x1000, &facts), GUESS_NONE);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
		CASE(a_thread_shows_at_the_top_of_its_stack),
		CASE(a_thread_that_is_not_listed),
		CASE(a_thread_of_musl_is_in_a_ring),
		CASE(a_thread_of_32_bits),
		CASE(several_stacks_and_other_memory),
		CASE(a_thread_without_a_stack),
		CASE(what_points_at_itself_once_is_no_thread),
		CASE(a_stack_that_ends_elsewhere),
		CASE(a_stack_pointer_behind_a_guard_page),
		CASE(a_stack_pointer_where_no_stack_is),
	};

	return RUN(tests);
}
