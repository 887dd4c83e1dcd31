/* What glibc's malloc leaves at the begin of its memory, and memory made by hand to look so. */
#include "fake_memory.h"
#include "support.h"

#define MIB  (UINT64_C(1) << 20)
#define AT   UINT64_C(0x7f5500001000)
#define HEAP UINT64_C(0x7f5400000000)

static struct fake_memory fake;

static int set_up(void **state)
{
	(void)state;
	fake_memory_init(&fake);
	return 0;
}

static void put_chunk(uint64_t at, uint64_t before, uint64_t size)
{
	const uint64_t words[] = {before, size};

	fake_memory_put(&fake, at, words, sizeof(words));
}

static void expect(uint64_t start, uint64_t end, size_t parts, uint64_t until, enum guess guess)
{
	size_t count;
	const struct content_part *part = fake_memory_look(&fake, start, end, &count);

	assert_int_equal(count, parts);
	if (parts == 0)
		return;
	assert_int_equal(part->start, start);
	assert_int_equal(part->end, until);
	assert_int_equal(part->guess, guess);
}

TEST(a_chunk_fills_its_mapping)
{
	put_chunk(AT, 0, MIB | 2);
	expect(AT, AT + MIB, 1, AT + MIB, GUESS_MALLOC);
}

TEST(a_chain_of_chunks_divides_a_merged_mapping)
{
	put_chunk(AT, 0, MIB | 2);
	put_chunk(AT + MIB, 0, 2 * MIB | 2);
	put_chunk(AT + 3 * MIB, 1, 2);
	expect(AT, AT + 8 * MIB, 1, AT + 3 * MIB, GUESS_MALLOC);
}

/* One number at the begin of memory that is somebody else's proves nothing. */
TEST(a_chunk_that_ends_anywhere_is_only_likely)
{
	put_chunk(AT, 0, MIB | 2);
	expect(AT, AT + 8 * MIB, 1, AT + MIB, GUESS_MALLOC_LIKELY);
}

TEST(numbers_that_are_no_chunk)
{
	static const struct {
		uint64_t before, size;
	} wrong[] = {
		{0, 0},		  {0, 2},	{0, MIB},      {0, MIB | 1},
		{0, MIB | 3},	  {0, MIB | 6}, {16, MIB | 2}, {0, (MIB + 16) | 2},
		{0, 2 * MIB | 2},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		put_chunk(AT, wrong[i].before, wrong[i].size);
		expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	}
}

TEST(what_is_not_there_is_not_read)
{
	put_chunk(AT, 0, MIB | 2);
	put_chunk(AT + 2 * MIB, 0, MIB | 2);
	expect(AT, AT + 3 * MIB, 1, AT + MIB, GUESS_MALLOC_LIKELY);
	expect(AT + MIB, AT + 2 * MIB, 0, 0, GUESS_NONE);
}

static void put_heap(uint64_t at, uint64_t arena, uint64_t before, uint64_t size,
		     uint64_t accessible)
{
	const uint64_t words[] = {arena, before, size, accessible};

	fake_memory_put(&fake, at, words, sizeof(words));
}

/* Of glibc since 2.27, or before. */
static void put_last_chunk(uint64_t arena, uint64_t offset, uint64_t chunk)
{
	fake_memory_put(&fake, arena + offset, &chunk, sizeof(chunk));
}

TEST(an_arena_is_as_long_as_it_says)
{
	put_heap(HEAP, HEAP + 0x30, 0, 0x21000, 0x84000);
	put_last_chunk(HEAP + 0x30, 96, HEAP + 0x20fe0);
	expect(HEAP, HEAP + 0x84000, 1, HEAP + 0x84000, GUESS_ARENA);
	expect(HEAP, HEAP + MIB, 1, HEAP + 0x84000, GUESS_ARENA);
}

TEST(a_further_heap_belongs_to_the_arena_of_the_first)
{
	put_heap(HEAP, HEAP - 0x4000000 + 0x30, HEAP - 0x4000000, 0x21000, 0x84000);
	put_last_chunk(HEAP - 0x4000000 + 0x30, 88, HEAP + 0x20fe0);
	expect(HEAP, HEAP + 0x84000, 1, HEAP + 0x84000, GUESS_ARENA);
	/* It is in the last heap, which need not be this one. */
	put_heap(HEAP - 0x4000000, HEAP - 0x4000000 + 0x30, 0, 0x4000000, 0x4000000);
	expect(HEAP - 0x4000000, HEAP, 1, HEAP, GUESS_ARENA);
}

/* An allocator made by hand: its areas begin with the address of its state, that of another area,
 * how much is used and how much there is. */
TEST(an_area_that_looks_like_an_arena)
{
	put_heap(HEAP, HEAP + 0x20, 0, MIB, MIB);
	expect(HEAP, HEAP + MIB, 1, HEAP + MIB, GUESS_ARENA_LIKELY);
	put_last_chunk(HEAP + 0x20, 96, HEAP + MIB);
	expect(HEAP, HEAP + MIB, 1, HEAP + MIB, GUESS_ARENA_LIKELY);
	put_last_chunk(HEAP + 0x20, 96, 100);
	expect(HEAP, HEAP + MIB, 1, HEAP + MIB, GUESS_ARENA_LIKELY);
	put_last_chunk(HEAP + 0x20, 96, HEAP + 0x4000000);
	put_heap(HEAP + 0x4000000, HEAP + 0x4000020, 0, MIB, MIB);
	expect(HEAP, HEAP + MIB, 1, HEAP + MIB, GUESS_ARENA_LIKELY);
}

TEST(an_arena_behind_other_memory)
{
	size_t count;
	const struct content_part *part;

	put_chunk(HEAP - MIB, 0, MIB | 2);
	put_heap(HEAP, HEAP + 0x30, 0, MIB, MIB);
	put_last_chunk(HEAP + 0x30, 96, HEAP + MIB - 0x1000);
	part = fake_memory_look(&fake, HEAP - MIB, HEAP + MIB, &count);
	assert_int_equal(count, 2);
	assert_int_equal(part[0].guess, GUESS_MALLOC_LIKELY);
	assert_int_equal(part[1].guess, GUESS_ARENA);
	assert_int_equal(part[1].start, HEAP);
}

TEST(numbers_that_are_no_arena)
{
	static const struct {
		uint64_t arena, before, size, accessible;
	} wrong[] = {
		{0, 0, 0x21000, 0x84000},
		{HEAP + 0x8, 0, 0x21000, 0x84000},
		{HEAP + 0x30, HEAP - 0x4000000, 0x21000, 0x84000},
		{HEAP + 0x30, 0, 0x85000, 0x84000},
		{HEAP + 0x30, 0, 0x21000, 0x84010},
		{HEAP + 0x30, 16, 0x21000, 0x84000},
		{HEAP + 0x30, 0, 0, 0x84000},
		{HEAP + 0x30, 0, 0x21000, 0x4001000},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		put_heap(HEAP, wrong[i].arena, wrong[i].before, wrong[i].size, wrong[i].accessible);
		expect(HEAP, HEAP + 0x84000, 0, 0, GUESS_NONE);
	}
	put_heap(AT, AT + 0x30, 0, 0x21000, 0x84000);
	expect(AT, AT + 0x84000, 0, 0, GUESS_NONE);
}

/* Of 32 bits. */
#define LOW UINT64_C(0xf7000000)

TEST(a_chunk_of_a_process_of_32_bits)
{
	put_chunk(LOW, UINT64_C(0x100002) << 32, 0);
	expect(LOW, LOW + MIB, 1, LOW + MIB, GUESS_MALLOC);
	put_chunk(LOW, 0, 8 | UINT64_C(0xffffa) << 32);
	expect(LOW, LOW + MIB, 1, LOW + MIB, GUESS_MALLOC);
	put_chunk(LOW, 0, 8 | UINT64_C(0xffff2) << 32);
	expect(LOW, LOW + MIB, 0, 0, GUESS_NONE);
	put_chunk(AT, 0, 8 | UINT64_C(0xffffa) << 32);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
}

TEST(an_arena_of_a_process_of_32_bits)
{
	const uint64_t at = UINT64_C(0xf6f00000);

	put_chunk(at, at + 0x18, 0x21000 | UINT64_C(0x22000) << 32);
	expect(at, at + 0x22000, 1, at + 0x22000, GUESS_ARENA_LIKELY);
	put_last_chunk(at + 0x18, 56, at + 0x20ff0);
	expect(at, at + 0x22000, 1, at + 0x22000, GUESS_ARENA);
	put_chunk(at, at + 0x1018, 0x21000 | UINT64_C(0x22000) << 32);
	expect(at, at + 0x22000, 0, 0, GUESS_NONE);
}

/* What malloc itself knows. */
#define DATA UINT64_C(0x7f5600000000)

static struct sign_facts *facts_with(const char *path, uint64_t data)
{
	static struct sign_facts facts;
	struct mapping m = {.start = data,
			    .end = data + 0x2000,
			    .inode = 7,
			    .perms = "rw-p",
			    .name = slice_of(path)};

	facts = (struct sign_facts){0};
	signs.pass(&m, &facts);
	return &facts;
}

static unsigned claim(struct sign_facts *facts, enum guess guess)
{
	const struct content_part part = {AT, AT + MIB, guess};

	return signs.settle(&part, facts);
}

static void put_account(uint64_t mapped, uint64_t most)
{
	const uint64_t words[] = {0, mapped, most, 0x555500000000, 64, 1032, 7};
	static const char zeros[0x2000];

	fake_memory_put(&fake, DATA, zeros, sizeof(zeros));
	fake_memory_put(&fake, DATA + 0x1000 - 24, words, sizeof(words));
}

TEST(no_more_than_malloc_has_by_mmap)
{
	struct sign_facts *facts = facts_with("/usr/lib/libc.so.6", DATA);

	put_account(MIB, 3 * MIB);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_NONE);
	assert_int_equal(claim(facts, GUESS_MALLOC), GUESS_MALLOC);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_NONE);
	assert_int_equal(claim(facts, GUESS_MALLOC_LIKELY), GUESS_MALLOC_LIKELY);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SOME);
	claim(facts, GUESS_MALLOC);
	claim(facts, GUESS_ARENA);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SOME);
	claim(facts, GUESS_MALLOC);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SURE);
	signs.doubt(facts);
	assert_int_equal(claim(facts, GUESS_MALLOC), GUESS_MALLOC_LIKELY);
	assert_int_equal(claim(facts, GUESS_ARENA), GUESS_ARENA_LIKELY);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_NONE);
}

/* An arena, and where its state has the address of the next one. */
static void look_at_arena(struct sign_facts *facts, uint64_t heap, uint64_t next)
{
	struct mapping m = {.start = heap, .end = heap + 0x84000, .perms = "rw-p"};
	struct content_part part;

	put_heap(heap, heap + 0x30, 0, 0x21000, 0x84000);
	put_last_chunk(heap + 0x30, 96, heap + 0x20fe0);
	put_last_chunk(heap + 0x30, 2160, next);
	assert_int_equal(signs.find(&m, &fake.memory, facts, &part, 1), 1);
	assert_int_equal(part.guess, GUESS_ARENA);
}

TEST(arenas_are_in_the_ring_of_malloc)
{
	const uint64_t main = DATA + 0x100, second = HEAP - 0x4000000;
	struct sign_facts *facts = facts_with("/usr/lib/libc.so.6", DATA);

	put_account(0, 0);
	put_last_chunk(main, 2160, HEAP + 0x30);
	look_at_arena(facts, HEAP, second + 0x30);
	look_at_arena(facts, second, main);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_NONE);
}

/* Made by hand: its state leads into the ring, in a circle without malloc, or nowhere. */
TEST(areas_that_look_like_arenas_are_not_in_the_ring)
{
	const uint64_t main = DATA + 0x100, other = HEAP - 0x4000000;
	struct sign_facts *facts = facts_with("/usr/lib/libc.so.6", DATA);

	put_account(0, 0);
	put_last_chunk(main, 2160, main);
	look_at_arena(facts, HEAP, main);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SURE);
	look_at_arena(facts, HEAP, HEAP + 0x30);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SURE);
	look_at_arena(facts, HEAP, 0x0101010101010101);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SOME);
	/* One of two. */
	put_last_chunk(main, 2160, HEAP + 0x30);
	look_at_arena(facts, HEAP, main);
	look_at_arena(facts, other, main);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SURE);
}

TEST(without_the_account_of_malloc_a_chunk_is_only_likely)
{
	struct sign_facts *facts = facts_with("/usr/bin/program", DATA);

	claim(facts, GUESS_MALLOC);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_NONE); /* it cannot be read */
	put_account(MIB + 8, 3 * MIB);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SURE);
	put_account(MIB, 3 * MIB);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_NONE);
	facts = facts_with("/usr/lib/libc.so.6", 0);
	facts->malloc.data = facts->malloc.data_end = 0;
	claim(facts, GUESS_MALLOC);
	assert_int_equal(signs.check(&fake.memory, facts), DOUBT_SURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_chunk_fills_its_mapping, set_up),
		cmocka_unit_test_setup(a_chain_of_chunks_divides_a_merged_mapping, set_up),
		cmocka_unit_test_setup(a_chunk_that_ends_anywhere_is_only_likely, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_chunk, set_up),
		cmocka_unit_test_setup(what_is_not_there_is_not_read, set_up),
		cmocka_unit_test_setup(an_arena_is_as_long_as_it_says, set_up),
		cmocka_unit_test_setup(a_further_heap_belongs_to_the_arena_of_the_first, set_up),
		cmocka_unit_test_setup(an_area_that_looks_like_an_arena, set_up),
		cmocka_unit_test_setup(an_arena_behind_other_memory, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_arena, set_up),
		cmocka_unit_test_setup(a_chunk_of_a_process_of_32_bits, set_up),
		cmocka_unit_test_setup(an_arena_of_a_process_of_32_bits, set_up),
		cmocka_unit_test_setup(no_more_than_malloc_has_by_mmap, set_up),
		cmocka_unit_test_setup(arenas_are_in_the_ring_of_malloc, set_up),
		cmocka_unit_test_setup(areas_that_look_like_arenas_are_not_in_the_ring, set_up),
		cmocka_unit_test_setup(without_the_account_of_malloc_a_chunk_is_only_likely,
				       set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
