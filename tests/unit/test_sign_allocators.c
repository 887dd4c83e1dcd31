/* What allocators have in their memory, and memory made by hand to look so. */
#include "fake_process.h"
#include "support.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define AT  UINT64_C(0x7f5500000000)
#define LIB UINT64_C(0x7f7700000000)

static struct fake_process process;

static int set_up(void **state)
{
	(void)state;
	fake_process_init(&process);
	fake_process_map(&process, "program", 0x400000, NULL, 0);
	return 0;
}

static void expect(uint64_t start, uint64_t until, uint64_t from, uint64_t end, enum guess guess)
{
	fake_process_expect(&process, start, until, from, end, guess);
}

/* An extent of jemalloc and the words for its first and its last page. */
static void put_extent(uint64_t leaf, uint64_t at, uint64_t size, uint64_t about)
{
	PUT(&process, about, 0xe80afff, at, size | 5, 0);
	PUT(&process, leaf + (at / 4096 & 0x3ffff) * 8, UINT64_C(0x3c) << 48 | about | 2);
	PUT(&process, leaf + ((at + size - 1) / 4096 & 0x3ffff) * 8,
	    UINT64_C(0x3c) << 48 | about | 2);
}

#define LEAF UINT64_C(0x7f6600000000)
#define INFO UINT64_C(0x7f6611000000)

static void put_jemalloc(const char *name, uint64_t start)
{
	const uint64_t root = start + FAKE_BSS + 0x4b00;

	fake_process_map(&process, name, start, NULL, 0);
	PUT(&process, root + (AT >> 30) * 8, LEAF);
}

TEST(extents_of_jemalloc)
{
	put_jemalloc("libjemalloc.so.2", LIB);
	put_extent(LEAF, AT, 0x5000, INFO);
	put_extent(LEAF, AT + 0x5000, MIB - 0x5000, INFO + 0x80);
	put_extent(LEAF, AT + MIB, MIB, INFO + 0x100);
	expect(AT, AT + 2 * MIB, AT, AT + 2 * MIB, GUESS_JEMALLOC);
}

TEST(extents_end_where_the_tree_has_nothing)
{
	put_jemalloc("libjemalloc.so.2", LIB);
	put_extent(LEAF, AT, MIB, INFO);
	expect(AT, AT + 2 * MIB, AT, AT + MIB, GUESS_JEMALLOC);
}

TEST(long_mappings_are_sampled)
{
	put_jemalloc("libjemalloc.so.2", LIB);
	for (uint64_t i = 0; i < 64; i++)
		put_extent(LEAF, AT + i * MIB, MIB, INFO + i * 0x80);
	expect(AT, AT + 64 * MIB, AT, AT + 64 * MIB, GUESS_JEMALLOC_LIKELY);
}

TEST(a_tree_that_leads_elsewhere)
{
	put_jemalloc("libjemalloc.so.2", LIB);
	put_extent(LEAF, AT, MIB, INFO);
	PUT(&process, INFO, 0xe80afff, AT + 2 * MIB, MIB);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	PUT(&process, INFO, 0xe80afff, AT, 0);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
}

TEST(jemalloc_may_be_a_part_of_the_program)
{
	fake_process_init(&process);
	put_jemalloc("server", 0x550000000000);
	put_extent(LEAF, AT, MIB, INFO);
	expect(AT, AT + MIB, AT, AT + MIB, GUESS_JEMALLOC);
}

TEST(blocks_of_jemallocs_own_data)
{
	fake_process_map(&process, "libjemalloc.so.2", LIB, NULL, 0);
	PUT(&process, AT, 2 * MIB, 0, 0xe80afff, AT + 0x43b80, 2 * MIB - 0x43b80);
	expect(AT, AT + 2 * MIB, AT, AT + 2 * MIB, GUESS_JEMALLOC);
	PUT(&process, AT, 2 * MIB, 0, 0xe80afff, AT + 0x43b80, 2 * MIB - 0x43b88);
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
	PUT(&process, AT, 2 * MIB, 0, 0xe80afff, AT + 4 * MIB, 2 * MIB - 0x43b80);
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
}

#define SEGMENT (32 * MIB)

static void put_segment(uint64_t at, uint64_t cookie, uint64_t slices)
{
	uint64_t words[32] = {0, 0x10000, SEGMENT};

	words[27] = cookie;
	words[28] = slices;
	fake_process_put(&process, at, words, 32);
}

TEST(segments_of_mimalloc_have_one_key)
{
	const uint64_t key = UINT64_C(0xa6498baf178ab32e);

	fake_process_map(&process, "libmimalloc.so.2.0", LIB, NULL, 0);
	put_segment(AT, key ^ AT, 512);
	expect(AT, AT + 13 * MIB, AT, AT + 13 * MIB, GUESS_MIMALLOC_LIKELY);
	put_segment(AT + SEGMENT, key ^ (AT + SEGMENT), 512);
	expect(AT, AT + 2 * SEGMENT, AT, AT + 2 * SEGMENT, GUESS_MIMALLOC);
	/* A huge one, which the key proves. */
	put_segment(AT + 3 * SEGMENT, key ^ (AT + 3 * SEGMENT), 100);
	expect(AT + 3 * SEGMENT, AT + 4 * SEGMENT, AT + 3 * SEGMENT,
	       AT + 3 * SEGMENT + 100 * 64 * KIB, GUESS_MIMALLOC);
}

TEST(segments_with_different_keys)
{
	put_segment(AT, 1 ^ AT, 512);
	put_segment(AT + SEGMENT, 2 ^ (AT + SEGMENT), 512);
	fake_process_look(&process, AT, AT + 2 * SEGMENT, "rw-p");
	for (size_t i = 0; i < process.count; i++)
		assert_int_equal(process.parts[i].guess, GUESS_MIMALLOC_LIKELY);
	put_segment(AT, 1 ^ AT, 100);
	expect(AT, AT + SEGMENT, 0, 0, GUESS_NONE);
}

TEST(arenas_of_mimalloc_know_themselves)
{
	fake_process_map(&process, "libmimalloc.so.3.0", LIB, NULL, 0);
	PUT(&process, AT, AT, 1024 * MIB, 0x1010000000003, 0x69ddc00, 0, AT, 0x4000, 0x2b);
	expect(AT, AT + 1024 * MIB, AT, AT + 1024 * MIB, GUESS_MIMALLOC);
	PUT(&process, AT, AT, 1024 * MIB, 0x1010000000003, 0x69ddc00, 0, AT, 0x4001, 0x2b);
	expect(AT, AT + 1024 * MIB, 0, 0, GUESS_NONE);
	PUT(&process, AT, AT + 8, 1024 * MIB, 0x1010000000003, 0x69ddc00, 0, AT, 0x4000, 0x2b);
	expect(AT, AT + 1024 * MIB, 0, 0, GUESS_NONE);
}

TEST(asan_by_its_shadow)
{
	const uint64_t heap = UINT64_C(0x602000000000);

	fake_process_map(&process, "libasan.so.8.0.0", LIB, NULL, 0);
	PUT(&process, heap, 0x800000203, 8);
	PUT(&process, AT, AT, 0x102000, 0x101000, 0x5f);
	PUT(&process, AT + 0x102000, AT + 0x102000, 0x102000, 0x101000, 0x60);
	expect(heap, heap + 0x20000, 0, 0, GUESS_NONE);
	expect(AT, AT + 0x204000, 0, 0, GUESS_NONE);
	expect(0x7fff8000, 0x8fff7000, 0x7fff8000, 0x8fff7000, GUESS_ASAN);
	expect(heap, heap + 0x20000, heap, heap + 0x20000, GUESS_ASAN);
	expect(AT, AT + 0x300000, AT, AT + 0x204000, GUESS_ASAN);
	PUT(&process, AT, AT + 16, 0x102000, 0x101000, 0x5f);
	expect(AT, AT + 0x300000, 0, 0, GUESS_NONE);
}

TEST(what_only_lies_near_the_shadow_of_asan)
{
	expect(0x7fff8000, 0x8fff8000, 0, 0, GUESS_NONE);
	expect(0x7fff7000, 0x8fff7000, 0, 0, GUESS_NONE);
}

TEST(valgrind_by_its_tool)
{
	PUT(&process, 0x4d63000, 0x400000 - 32, 0, 0, 0);
	fake_process_look(&process, 0x4d63000, 0x5163000, "rwxp");
	assert_int_equal(process.count, 0);
	fake_process_init(&process);
	fake_process_map(&process, "program", 0x108000, NULL, 0);
	fake_process_map(&process, "memcheck-amd64-linux", 0x58000000, NULL, 0);
	PUT(&process, 0x4d63000, 0x400000 - 32, 0, 0, 0);
	fake_process_look(&process, 0x4d63000, 0x5163000, "rwxp");
	assert_int_equal(process.count, 1);
	assert_int_equal(process.parts[0].guess, GUESS_VALGRIND);
	fake_process_look(&process, 0x1002baa000, 0x1002caa000, "rwxp");
	assert_int_equal(process.count, 1);
	assert_int_equal(process.parts[0].guess, GUESS_VALGRIND_LIKELY);
	PUT(&process, 0x4d63000, 0x400000 - 32, 0, 1, 0);
	fake_process_look(&process, 0x4d63000, 0x5163000, "rwxp");
	assert_int_equal(process.count, 0);
}

TEST(a_chunk_with_huge_pages_has_its_head_before)
{
	PUT(&process, AT - 4096, 0, (8 * MIB + 4096) | 2);
	expect(AT, AT + 8 * MIB, AT, AT + 8 * MIB, GUESS_MALLOC);
	expect(AT, AT + 9 * MIB, 0, 0, GUESS_NONE);
	PUT(&process, AT - 4096, 16, (8 * MIB + 4096) | 2);
	expect(AT, AT + 8 * MIB, 0, 0, GUESS_NONE);
}

/* Made by hand, to the last mark. */
TEST(memory_of_allocators_that_the_process_does_not_have)
{
	const uint64_t heap = UINT64_C(0x602000000000);

	fake_process_map(&process, "program", LIB, NULL, 0);
	PUT(&process, AT, 2 * MIB, 0, 0xe80afff, AT + 0x43b80, 2 * MIB - 0x43b80);
	expect(AT, AT + 2 * MIB, AT, AT + 2 * MIB, GUESS_JEMALLOC_LIKELY);
	put_segment(AT, 7 ^ AT, 512);
	put_segment(AT + SEGMENT, 7 ^ (AT + SEGMENT), 512);
	expect(AT, AT + 2 * SEGMENT, AT, AT + 2 * SEGMENT, GUESS_MIMALLOC_LIKELY);
	PUT(&process, AT, AT, 1024 * MIB, 0x1010000000003, 0x69ddc00, 0, AT, 0x4000, 0x2b);
	expect(AT, AT + 1024 * MIB, AT, AT + 1024 * MIB, GUESS_MIMALLOC_LIKELY);
	expect(0x7fff8000, 0x8fff7000, 0x7fff8000, 0x8fff7000, GUESS_ASAN_LIKELY);
	expect(heap, heap + 0x20000, heap, heap + 0x20000, GUESS_ASAN_LIKELY);
}

/* A program may be linked with them, and then exports a name of theirs. */
TEST(an_allocator_as_a_part_of_the_program)
{
	static const struct fake_symbol symbols[] = {{"mi_malloc", 0x1000}};

	fake_process_init(&process);
	fake_process_map(&process, "program", LIB, symbols, 1);
	PUT(&process, AT, AT, 1024 * MIB, 0x1010000000003, 0x69ddc00, 0, AT, 0x4000, 0x2b);
	expect(AT, AT + 1024 * MIB, AT, AT + 1024 * MIB, GUESS_MIMALLOC);
}

#define PAGE (16 * KIB)
#define STEP UINT64_C(160)

/* Pieces for as many pages, behind `first` bytes. */
static void put_pool(uint64_t at, uint64_t first, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		PUT(&process, at + i * STEP, i, 0, 0, 0, 0, 0, at + first + i * PAGE);
}

TEST(chunks_of_innodb_have_their_pages_behind_them)
{
	fake_process_init(&process);
	fake_process_map(&process, "mariadbd", 0x400000, NULL, 0);
	put_pool(AT, PAGE, 100);
	expect(AT, AT + 101 * PAGE, AT, AT + 101 * PAGE, GUESS_INNODB);
	expect(AT, AT + 200 * PAGE, AT, AT + 101 * PAGE, GUESS_INNODB);
	put_pool(AT + 101 * PAGE, PAGE, 100);
	expect(AT, AT + 202 * PAGE, AT, AT + 202 * PAGE, GUESS_INNODB);
	put_pool(AT, 2 * PAGE, 200);
	expect(AT, AT + 202 * PAGE, AT, AT + 202 * PAGE, GUESS_INNODB);
	/* There is no room for that many. */
	expect(AT, AT + 90 * PAGE, 0, 0, GUESS_NONE);
}

/* The kernel merged it with memory that lies before it. */
TEST(a_chunk_of_innodb_behind_unknown_memory)
{
	const uint64_t at = AT + 16 * MIB;

	fake_process_init(&process);
	fake_process_map(&process, "mariadbd", 0x400000, NULL, 0);
	PUT(&process, AT, 7, 7);
	put_pool(at, PAGE, 100);
	expect(AT, at + 101 * PAGE, at, at + 101 * PAGE, GUESS_INNODB_LIKELY);
	fake_process_init(&process);
	fake_process_map(&process, "other", 0x400000, NULL, 0);
	PUT(&process, AT, 7, 7);
	put_pool(at, PAGE, 100);
	expect(AT, at + 101 * PAGE, 0, 0, GUESS_NONE);
}

TEST(addresses_that_are_no_chunk_of_innodb)
{
	put_pool(AT, PAGE, 100); /* of another program */
	expect(AT, AT + 101 * PAGE, 0, 0, GUESS_NONE);
	fake_process_init(&process);
	fake_process_map(&process, "mariadbd", 0x400000, NULL, 0);
	put_pool(AT, 2 * PAGE, 100); /* which leave too much room before the pages */
	expect(AT, AT + 102 * PAGE, 0, 0, GUESS_NONE);
	put_pool(AT, PAGE, 100);
	PUT(&process, AT + 3 * STEP, 3, 0, 0, 0, 0, 0, AT + PAGE);
	expect(AT, AT + 101 * PAGE, 0, 0, GUESS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(extents_of_jemalloc, set_up),
		cmocka_unit_test_setup(extents_end_where_the_tree_has_nothing, set_up),
		cmocka_unit_test_setup(long_mappings_are_sampled, set_up),
		cmocka_unit_test_setup(a_tree_that_leads_elsewhere, set_up),
		cmocka_unit_test_setup(jemalloc_may_be_a_part_of_the_program, set_up),
		cmocka_unit_test_setup(blocks_of_jemallocs_own_data, set_up),
		cmocka_unit_test_setup(segments_of_mimalloc_have_one_key, set_up),
		cmocka_unit_test_setup(segments_with_different_keys, set_up),
		cmocka_unit_test_setup(arenas_of_mimalloc_know_themselves, set_up),
		cmocka_unit_test_setup(asan_by_its_shadow, set_up),
		cmocka_unit_test_setup(memory_of_allocators_that_the_process_does_not_have, set_up),
		cmocka_unit_test_setup(an_allocator_as_a_part_of_the_program, set_up),
		cmocka_unit_test_setup(what_only_lies_near_the_shadow_of_asan, set_up),
		cmocka_unit_test_setup(valgrind_by_its_tool, set_up),
		cmocka_unit_test_setup(a_chunk_with_huge_pages_has_its_head_before, set_up),
		cmocka_unit_test_setup(chunks_of_innodb_have_their_pages_behind_them, set_up),
		cmocka_unit_test_setup(a_chunk_of_innodb_behind_unknown_memory, set_up),
		cmocka_unit_test_setup(addresses_that_are_no_chunk_of_innodb, set_up),
	};

	return RUN(tests);
}
