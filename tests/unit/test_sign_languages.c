/* What the heaps of languages have at their begin, and memory made by hand to look so. */
#include "fake_process.h"
#include "support.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define AT  UINT64_C(0x7f5500000000)
#define LOW UINT64_C(0x3a6c980000) /* where V8 has its pages */

static struct fake_process process;

static int set_up(void **state)
{
	(void)state;
	fake_process_init(&process);
	return 0;
}

static void expect(uint64_t start, uint64_t until, uint64_t from, uint64_t end, enum guess guess)
{
	fake_process_expect(&process, start, until, from, end, guess);
}

/* A process that has a runtime maps its file. */
static void map_file(const char *name)
{
	fake_process_map(&process, name, 0x7f6600000000, NULL, 0);
}

static void put_pool(uint64_t at, uint32_t arena, uint32_t size_index, uint32_t last_offset)
{
	uint64_t next = 48 + 2 * 16 * ((uint64_t)size_index + 1);

	PUT(&process, at, 3, 0, 0x954d40, 0x954d40, arena | (uint64_t)size_index << 32,
	    next | (uint64_t)last_offset << 32);
}

TEST(arenas_of_python_begin_at_any_page)
{
	map_file("python3.11");
	put_pool(AT + 0x4000, 7, 3, 16384 - 64);
	put_pool(AT + 0x4000 + 31 * 16 * KIB, 7, 1, 16384 - 32);
	put_pool(AT + 0x4000 + MIB, 8, 0, 16384 - 16);
	expect(AT + 0x1000, AT + 0x1000 + 2 * MIB, AT + 0x1000, AT + 0x1000 + 2 * MIB,
	       GUESS_PYTHON);
}

TEST(arenas_of_old_python_are_smaller)
{
	map_file("python3.11");
	put_pool(AT, 7, 3, 4096 - 64);
	put_pool(AT + 256 * KIB, 8, 3, 4096 - 64);
	expect(AT, AT + 512 * KIB, AT, AT + 512 * KIB, GUESS_PYTHON);
}

TEST(what_follows_the_arenas_is_not_theirs)
{
	map_file("python3.11");
	put_pool(AT, 7, 3, 16384 - 64);
	PUT(&process, AT + MIB, 0x3ff0000000000000, 0x3ff0000000000000, 0, 0, 0, 0);
	expect(AT, AT + 8 * MIB, AT, AT + MIB, GUESS_PYTHON);
}

/* Whose begin is unknown: so its end is, and the chunk behind it is not lost. */
TEST(an_arena_behind_unknown_memory)
{
	const uint64_t end = AT + 16 * KIB + MIB - 8 * KIB;

	PUT(&process, AT, 7, 7);
	put_pool(AT + 16 * KIB, 7, 3, 16384 - 64);
	put_pool(AT + 16 * KIB + 30 * 16 * KIB, 7, 3, 16384 - 64);
	PUT(&process, end, 0, (2 * MIB) | 2);
	fake_process_look(&process, AT, end + 2 * MIB, "rw-p");
	assert_int_equal(process.count, 2);
	assert_int_equal(process.parts[0].guess, GUESS_PYTHON_LIKELY);
	assert_int_equal(process.parts[0].end, AT + MIB);
	assert_int_equal(process.parts[1].guess, GUESS_MALLOC_LIKELY);
	assert_int_equal(process.parts[1].start, end);
}

TEST(many_arenas_are_only_likely)
{
	for (uint64_t i = 0; i < 512; i += 4)
		put_pool(AT + i * MIB, (uint32_t)i, 3, 16384 - 64);
	put_pool(AT + 511 * MIB, 511, 3, 16384 - 64);
	expect(AT, AT + 512 * MIB, AT, AT + 512 * MIB, GUESS_PYTHON_LIKELY);
}

TEST(numbers_that_are_no_pool)
{
	put_pool(AT, 7, 3, 16384 - 48);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	put_pool(AT, 7, 32, 16384 - 33 * 16);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	put_pool(AT, 7, 3, 16384 - 64);
	PUT(&process, AT, 300);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	put_pool(AT, 7, 3, 16384 - 64);
	PUT(&process, AT + 8, AT + 32);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	/* Pools of one arena that say they are of two. */
	put_pool(AT, 7, 3, 16384 - 64);
	put_pool(AT + 31 * 16 * KIB, 8, 3, 16384 - 64);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	/* Not the first pool of its arena, behind which something else lies. */
	set_up(NULL);
	put_pool(AT, 7, 3, 16384 - 64);
	PUT(&process, AT + 62 * 0x4000, 1, 2, 3, 4, 5, 6);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	/* Less than an arena. */
	set_up(NULL);
	put_pool(AT, 7, 3, 16384 - 64);
	expect(AT, AT + 64 * KIB, 0, 0, GUESS_NONE);
}

TEST(pages_of_v8)
{
	const uint64_t size = 256 * KIB;

	map_file("node");
	PUT(&process, LOW, size, 10, 0x3ca69360, LOW + 0x1148, LOW + size, 0x3eeb8, 0, 0x1148,
	    0x40fa22d8, 0x566a2f0, LOW, size);
	expect(LOW, LOW + size, LOW, LOW + size, GUESS_V8_HEAP);
	PUT(&process, LOW, 4, LOW, size, 0x252f6ea0, LOW + 0x1140, LOW + size);
	expect(LOW, LOW + size, LOW, LOW + size, GUESS_V8_HEAP);
	PUT(&process, LOW, 0x184, 0x38347230);
	PUT(&process, 0x38347230, 0x6bbfd90, LOW, size, 0x3fff0, 0, size, size, LOW + size,
	    0x3813eff8, LOW + 16);
	expect(LOW, LOW + size, LOW, LOW + size, GUESS_V8_HEAP);
}

TEST(a_large_page_of_v8_and_the_next)
{
	map_file("node");
	PUT(&process, LOW, 0x46e000, 0x84, 0x3ca69360, LOW + 0x1148, LOW + 0x46d2c0, 0x46c178, 0,
	    0x1148, 0x40ebc230, 0x566a2f0, LOW, 0x46e000);
	expect(LOW, LOW + 0x480000, LOW, LOW + 0x46e000, GUESS_V8_HEAP);
	PUT(&process, LOW + 0x480000, 0x40000, 4, 0x3ca69360, LOW + 0x481148, LOW + 0x4c0000);
	fake_process_look(&process, LOW, LOW + 0x4c0000, "rw-p");
	assert_int_equal(process.count, 2);
	assert_int_equal(process.parts[1].start, LOW + 0x480000);
}

/* An allocator made by hand: its chunks begin with their size, how much is used, their owner, and
 * the start and end of what it hands out. */
TEST(chunks_that_look_like_pages_of_v8)
{
	const uint64_t size = 256 * KIB;

	PUT(&process, LOW, size, 96, 0x3ca69360, LOW + 0x40, LOW + size, 0, 0, 0, 0, 0, 0, 0);
	PUT(&process, LOW + size, size, 96, 0x3ca69360, LOW + size + 0x40, LOW + 2 * size, 0, 0, 0,
	    0, 0, 0, 0);
	expect(LOW, LOW + 2 * size, LOW, LOW + 2 * size, GUESS_V8_HEAP_LIKELY);
}

TEST(numbers_that_are_no_page_of_v8)
{
	const uint64_t size = 256 * KIB;

	PUT(&process, LOW, size, 10, 0x3ca69360, LOW + 0x5148, LOW + size); /* a head too long */
	expect(LOW, LOW + size, 0, 0, GUESS_NONE);
	PUT(&process, LOW, size, 10, 0x3ca69360, LOW + 0x1148, LOW + 2 * size); /* an end outside */
	expect(LOW, LOW + size, 0, 0, GUESS_NONE);
	PUT(&process, LOW, 2 * size, 10, 0x3ca69360, LOW + 0x1148, LOW + size); /* too large */
	expect(LOW, LOW + size, 0, 0, GUESS_NONE);
	PUT(&process, LOW, 4, LOW + size, size, 0x252f6ea0, LOW + 0x1140, LOW + size);
	expect(LOW, LOW + size, 0, 0, GUESS_NONE);
	PUT(&process, LOW + 4096, size, 10, 0x3ca69360, LOW + 0x2148, LOW + size);
	expect(LOW + 4096, LOW + size, 0, 0, GUESS_NONE); /* not aligned */
}

static void put_ruby(uint64_t at, uint64_t bytes, uint64_t about)
{
	PUT(&process, at, about);
	PUT(&process, about, 40 | (bytes - 24) / 40 << 16, 0, 0x5555, 0, at + 8, 0);
}

TEST(pages_of_ruby)
{
	map_file("libruby-3.1.so.3.1");
	put_ruby(AT + 0x4000, 16 * KIB, 0x5500000);
	put_ruby(AT + 0x8000, 16 * KIB, 0x5500100);
	PUT(&process, AT + 0xc000, 0);
	expect(AT + 0x1000, AT + 0x20000, AT + 0x4000, AT + 0xc000, GUESS_RUBY);
	put_ruby(AT + 0x100000, 64 * KIB, 0x5500200);
	expect(AT + 0x100000, AT + 0x110000, AT + 0x100000, AT + 0x110000, GUESS_RUBY);
}

TEST(numbers_that_are_no_page_of_ruby)
{
	put_ruby(AT, 16 * KIB, 0x5500000);
	PUT(&process, 0x5500000, 40 | 1000 << 16); /* more slots than fit */
	expect(AT, AT + 0x4000, 0, 0, GUESS_NONE);
	PUT(&process, 0x5500000, 40 | 20 << 16); /* many fewer */
	expect(AT, AT + 0x4000, 0, 0, GUESS_NONE);
	put_ruby(AT, 16 * KIB, 0x5500000);
	PUT(&process, 0x5500020, AT + 0x8008); /* the slots of another page */
	expect(AT, AT + 0x4000, 0, 0, GUESS_NONE);
	PUT(&process, AT, 0x7700000); /* a pointer to nothing */
	expect(AT, AT + 0x4000, 0, 0, GUESS_NONE);
}

TEST(carriers_of_erlang_point_at_each_other)
{
	map_file("beam.smp");
	PUT(&process, AT, 0x80001, 0, AT + 0x80000, 0x5616555);
	expect(AT, AT + 0x100000, 0, 0, GUESS_NONE);
	PUT(&process, AT, 0x80001, 0, AT + 0x80000, 0x5616000);
	PUT(&process, AT + 0x80000, 0x80001, AT, 0, 0x5616005);
	expect(AT, AT + 0x100000, AT, AT + 0x100000, GUESS_ERLANG);
	/* One that is alone, of an allocator that is known by now. */
	PUT(&process, AT + 0x900000, 0x80003, 0, 0, 0x5616000);
	expect(AT + 0x900000, AT + 0x980000, AT + 0x900000, AT + 0x980000, GUESS_ERLANG);
	/* The same behind memory that is unknown. */
	PUT(&process, AT + 0xa00000, 7, 7);
	PUT(&process, AT + 0xa80000, 0x180003, 0, 0, 0x5616000);
	expect(AT + 0xa00000, AT + 0xc00000, AT + 0xa80000, AT + 0xc00000, GUESS_ERLANG_LIKELY);
}

TEST(an_allocator_of_erlang_has_a_name)
{
	uint64_t about[24] = {0};
	const char name[16] = "eheap_";

	map_file("beam.smp");
	about[15] = 0x77001;
	fake_process_put(&process, 0x5616000, about, 24);
	PUT(&process, AT, 0x80003, 0, 0, 0x5616000);
	expect(AT, AT + 0x80000, AT, AT + 0x80000, GUESS_ERLANG_LIKELY);
	fake_memory_put(&process.memory, 0x77001, name, sizeof(name));
	expect(AT, AT + 0x80000, AT, AT + 0x80000, GUESS_ERLANG);
}

TEST(numbers_that_are_no_carrier)
{
	PUT(&process, AT, 0x80003, 0, 0, 0x5616000);
	expect(AT, AT + 0x90000, 0, 0, GUESS_NONE); /* something else behind it */
	PUT(&process, AT, 0x80005, 0, 0, 0x5616000);
	expect(AT, AT + 0x80000, 0, 0, GUESS_NONE);
	PUT(&process, AT, 0x80003, 3, 0, 0x5616000);
	expect(AT, AT + 0x80000, 0, 0, GUESS_NONE);
}

TEST(chunks_of_php_are_a_ring)
{
	PUT(&process, AT, AT + 64, AT + 2 * MIB, AT + 2 * MIB);
	PUT(&process, AT + 2 * MIB, AT + 64, AT, AT);
	expect(AT, AT + 4 * MIB, AT, AT + 4 * MIB, GUESS_PHP_LIKELY);
	fake_process_map(&process, "libphp8.2.so", 0x7f6600000000, NULL, 0);
	expect(AT, AT + 4 * MIB, AT, AT + 4 * MIB, GUESS_PHP);
	PUT(&process, AT + 2 * MIB, AT + 64, AT + 2 * MIB, AT);
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
	PUT(&process, AT + 2 * MIB, AT + 128, AT, AT);
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
}

TEST(sbcl_says_where_its_space_is)
{
	static const struct fake_symbol symbols[] = {{"DYNAMIC_SPACE_START", FAKE_BSS},
						     {"dynamic_space_size", FAKE_BSS + 8}};

	fake_process_map(&process, "sbcl", 0x550000000000, symbols, 2);
	PUT(&process, 0x550000000000 + FAKE_BSS, 0x1000000000, 0x40000000);
	PUT(&process, 0x1001330000, 1);
	fake_process_look(&process, 0x1001330000, 0x1040000000, "rwxp");
	assert_int_equal(process.count, 1);
	assert_int_equal(process.parts[0].guess, GUESS_SBCL);
	fake_process_look(&process, 0x1001330000, 0x1040001000, "rwxp");
	assert_int_equal(process.count, 0);
}

TEST(the_same_address_in_another_program)
{
	static const struct fake_symbol symbols[] = {{"DYNAMIC_SPACE_START", FAKE_BSS},
						     {"dynamic_space_size", FAKE_BSS + 8}};

	fake_process_map(&process, "other", 0x550000000000, NULL, 0);
	fake_process_map(&process, "sbcl.so", 0x7f0000000000, symbols, 2);
	PUT(&process, 0x7f0000000000 + FAKE_BSS, 0x1000000000, 0x40000000);
	fake_process_look(&process, 0x1001330000, 0x1040000000, "rwxp");
	assert_int_equal(process.count, 0);
}

#define GHC UINT64_C(0x4200000000)

/* The descriptors of the first two blocks of a group in Haskell. */
static void put_group(uint64_t at, uint64_t free, uint64_t blocks)
{
	PUT(&process, at + 4 * 64, at + 0x4000, free, 0, 0, 0x7b1230, 0, blocks);
	PUT(&process, at + 5 * 64, at + 0x5000, 0, 0, 0, 0, 0, 0);
}

/* The second group fills two megablocks, of which the last has no descriptors. */
TEST(megablocks_of_haskell)
{
	map_file("libHSrts-ghc9.0.2.so");
	put_group(GHC, GHC + 0x4100, 1);
	put_group(GHC + MIB, GHC + MIB + 0x4000 + 300 * 4096, 300);
	put_group(GHC + 3 * MIB, UINT64_MAX, 252);
	expect(GHC, GHC + 6 * MIB, GHC, GHC + 4 * MIB, GUESS_GHC);
	/* Not all of a group is there. */
	expect(GHC, GHC + 2 * MIB, GHC, GHC + 2 * MIB, GUESS_GHC);
}

TEST(numbers_that_are_no_megablock)
{
	/* The free space of another block, and more of it than the group has. */
	put_group(GHC, GHC + 0x3000, 1);
	expect(GHC, GHC + MIB, 0, 0, GUESS_NONE);
	put_group(GHC, GHC + 0x6000, 1);
	expect(GHC, GHC + MIB, 0, 0, GUESS_NONE);
	/* Pointers to pages in a table of another kind: to one page, to none, in other steps. */
	put_group(GHC, GHC + 0x4000, 0);
	expect(GHC, GHC + MIB, 0, 0, GUESS_NONE);
	put_group(GHC, GHC + 0x4000, 1);
	PUT(&process, GHC + 5 * 64, GHC + 0x4040);
	expect(GHC, GHC + MIB, 0, 0, GUESS_NONE);
	/* The same as in Haskell, but at another address than it says. */
	put_group(GHC, GHC + 0x4000, 1);
	PUT(&process, GHC + MIB + 4 * 64, GHC + 0x4000, GHC + 0x4000, 0, 0, 0, 0, 1);
	PUT(&process, GHC + MIB + 5 * 64, GHC + 0x5000);
	expect(GHC, GHC + 2 * MIB, GHC, GHC + MIB, GUESS_GHC_LIKELY);
}

#define LIBRARY UINT64_C(0x7f0000000000)
#define ARRAYS	(LIBRARY + FAKE_BSS + 0x920)
#define LIST	UINT64_C(0x7f5400001000)

/* A collector that exports its variables, with a heap of two sections of which the second precedes
 * the first, and one elsewhere. */
static void put_collector(const char *library, uint64_t heap)
{
	static const struct fake_symbol symbols[] = {{"GC_arrays", FAKE_BSS + 0x920}};

	fake_process_map(&process, "guile", 0x550000000000, NULL, 0);
	fake_process_map(&process, library, LIBRARY, symbols, 1);
	PUT(&process, ARRAYS, heap, AT, AT, AT + MIB);
	PUT(&process, ARRAYS + 0x16000, LIST + 0x100, LIST);
	PUT(&process, LIST, AT + MIB, MIB, AT, MIB, AT + 4 * MIB, 2 * MIB, 0, 0);
}

TEST(the_collector_lists_its_sections)
{
	put_collector("libgc.so.1.5.1", 4 * MIB);
	expect(AT - MIB, AT + 3 * MIB, AT, AT + 2 * MIB, GUESS_LIBGC);
	expect(AT + 4 * MIB, AT + 8 * MIB, AT + 4 * MIB, AT + 6 * MIB, GUESS_LIBGC);
	expect(AT + 8 * MIB, AT + 9 * MIB, 0, 0, GUESS_NONE);
}

/* Pairs of addresses and sizes that do not add up to the heap, by less and by more. */
TEST(lists_that_are_not_the_heap)
{
	put_collector("libgc.so.1.5.1", 5 * MIB);
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
	set_up(NULL);
	put_collector("libgc.so.1.5.1", 3 * MIB);
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
	set_up(NULL);
	put_collector("libother.so", 4 * MIB);
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
}

/* Chunks of 32 bytes, of which each fourth is free. */
static void put_chunks(uint64_t at)
{
	for (uint64_t i = 0; i < 40; i++)
		PUT(&process, at + i * 32, i % 4 == 3 ? 32 : 0,
		    32 | (i % 4 == 2 ? 0 : 2) | (i % 4 == 3 ? 0 : 1));
}

static void put_large(uint64_t at, uint64_t size)
{
	PUT(&process, at, 1, (size - 32) | 2);
	PUT(&process, at + size - 32, 0, 11, 0);
}

TEST(blocks_of_luajit)
{
	fake_process_map(&process, "luajit-2.1.0-beta3", 0x550000000000, NULL, 0);
	put_large(AT, MIB);
	put_large(AT + MIB, MIB);
	expect(AT, AT + 3 * MIB, AT, AT + 2 * MIB, GUESS_LUAJIT);
	put_chunks(AT + 4 * MIB);
	expect(AT + 4 * MIB, AT + 8 * MIB, AT + 4 * MIB, AT + 8 * MIB, GUESS_LUAJIT_LIKELY);
}

TEST(numbers_that_are_no_blocks_of_luajit)
{
	fake_process_map(&process, "nginx", 0x550000000000, NULL, 0);
	fake_process_map(&process, "libluajit-5.1.so.2", 0x7f0000000000, NULL, 0);
	put_large(AT, MIB);
	PUT(&process, AT + MIB - 32, 0, 3, 0); /* nothing ends there */
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
	put_large(AT, MIB + 8); /* no pages */
	expect(AT, AT + 2 * MIB, 0, 0, GUESS_NONE);
	put_chunks(AT + 4 * MIB);
	PUT(&process, AT + 4 * MIB + 32 * 3, 48, 32 | 2); /* another size than before */
	expect(AT + 4 * MIB, AT + 8 * MIB, 0, 0, GUESS_NONE);
	put_chunks(AT + 4 * MIB);
	PUT(&process, AT + 4 * MIB + 32 * 9, 0, 32 | 2); /* says that the one before is free */
	expect(AT + 4 * MIB, AT + 8 * MIB, 0, 0, GUESS_NONE);
	set_up(NULL);
	fake_process_map(&process, "other", 0x550000000000, NULL, 0);
	put_large(AT, MIB);
	put_chunks(AT + 4 * MIB);
	expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	expect(AT + 4 * MIB, AT + 8 * MIB, 0, 0, GUESS_NONE);
}

TEST(super_pages_of_chromium)
{
	const uint64_t super_page = UINT64_C(0x63c00000000);

	PUT(&process, super_page + 0x4000, 7, 8);
	expect(super_page + 0x4000, super_page + 0x1fc000, 0, 0, GUESS_NONE);
	PUT(&process, super_page + 0x2000, 1);
	expect(super_page + 0x4000, super_page + 0x1fc000, super_page + 0x4000,
	       super_page + 0x1fc000, GUESS_PARTITION_LIKELY);
	expect(super_page + 0x4000, super_page + 0x1fd000, 0, 0, GUESS_NONE);
	PUT(&process, super_page + 0x1000, 1); /* it is not closed */
	expect(super_page + 0x4000, super_page + 0x1fc000, 0, 0, GUESS_NONE);
}

TEST(pages_of_oilpan_have_one_heap)
{
	const uint64_t at = UINT64_C(0x145402000000), heap = UINT64_C(0x63c000ac008);

	PUT(&process, heap - 8, 1, 2);
	PUT(&process, at, heap, heap + 0x85f8);
	PUT(&process, at + 128 * KIB, heap, heap + 0x82f8);
	expect(at, at + 256 * KIB, 0, 0, GUESS_NONE);
	PUT(&process, at + 3 * 128 * KIB, heap, heap + 0x82f8);
	expect(at, at + 256 * KIB, at, at + 256 * KIB, GUESS_OILPAN_LIKELY);
	expect(at + 3 * 128 * KIB, at + 4 * 128 * KIB, at + 3 * 128 * KIB, at + 4 * 128 * KIB,
	       GUESS_OILPAN_LIKELY);
	PUT(&process, at + 3 * 128 * KIB, heap + 8, heap + 0x82f8);
	expect(at + 3 * 128 * KIB, at + 4 * 128 * KIB, 0, 0, GUESS_NONE);
}

/* Bytes that are all the same look like addresses that are near each other. */
TEST(text_is_no_heap_of_oilpan)
{
	static char text[3 * 131072 + 16];

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < 4; i++)
		fake_memory_put(&process.memory, AT + i * 128 * KIB, text, 16);
	expect(AT, AT + 512 * KIB, 0, 0, GUESS_NONE);
}

TEST(what_lies_behind_unknown_memory_is_only_likely)
{
	for (uint64_t at = AT; at < AT + 64 * KIB; at += 4096)
		PUT(&process, at, 7, 7);
	PUT(&process, AT + 64 * KIB, 0, (2 * MIB - 64 * KIB) | 2);
	expect(AT, AT + 2 * MIB, AT + 64 * KIB, AT + 2 * MIB, GUESS_MALLOC_LIKELY);
}

/* A mapping without anything known does not use up what the next may be examined. */
TEST(looks_behind_unknown_memory_are_for_each_mapping)
{
	const uint64_t other = AT + 64 * MIB;

	for (uint64_t at = AT; at < AT + 400 * KIB; at += 4096)
		PUT(&process, at, 7, 7);
	for (unsigned i = 0; i < 6; i++)
		expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	PUT(&process, other, 7, 7);
	PUT(&process, other + 64 * KIB, 0, (2 * MIB - 64 * KIB) | 2);
	expect(other, other + 2 * MIB, other + 64 * KIB, other + 2 * MIB, GUESS_MALLOC_LIKELY);
	/* But there is an end. */
	for (unsigned i = 0; i < 20; i++)
		expect(AT, AT + MIB, 0, 0, GUESS_NONE);
	expect(other, other + 2 * MIB, 0, 0, GUESS_NONE);
}

TEST(pages_of_v8_in_its_sandbox)
{
	const uint64_t cage = UINT64_C(0x1c9200000000), at = cage + 0x1380000;

	PUT(&process, at, 0x12, 0x4e, 0x1fff800000565);
	expect(at, at + 256 * KIB, 0, 0, GUESS_NONE);
	PUT(&process, cage, 1);
	expect(at, at + 256 * KIB, at, at + 256 * KIB, GUESS_V8_HEAP_LIKELY);
	PUT(&process, at, 0x12, 0x4e, 0x1fff800000564);
	expect(at, at + 256 * KIB, 0, 0, GUESS_NONE);
}

TEST(a_large_object_of_oilpan_fills_its_mapping)
{
	const uint64_t at = UINT64_C(0x145402000000), heap = UINT64_C(0x63c000ac008);

	PUT(&process, heap - 8, 1, 2);
	for (uint64_t i = 0; i < 3; i++)
		PUT(&process, at + i * 128 * KIB, heap, heap + 0x85f8);
	expect(at, at + 384 * KIB, at, at + 384 * KIB, GUESS_OILPAN_LIKELY);
	PUT(&process, at + MIB, heap, heap - 0x90000);
	expect(at + MIB, at + 9 * MIB, at + MIB, at + 9 * MIB, GUESS_OILPAN_LIKELY);
	PUT(&process, at + MIB, heap, UINT64_C(0x1000));
	expect(at + MIB, at + 9 * MIB, 0, 0, GUESS_NONE);
}

#define TYPES	 UINT64_C(0x955000)
#define FUNCTION UINT64_C(0x7f4400001230)

/* Of the first frame, an object, its type and the type of types. */
static void put_object(uint64_t object, uint64_t type, uint64_t types, uint64_t of_types)
{
	PUT(&process, object, 3, type);
	PUT(&process, type, 1, types);
	PUT(&process, types, 1, of_types);
}

TEST(frames_of_python_begin_with_an_object)
{
	map_file("python3.11");
	put_object(FUNCTION, TYPES + 0x400, TYPES, TYPES);
	PUT(&process, AT, 0, 16384, 0, 0, FUNCTION, 7);
	PUT(&process, AT + 16384, AT, 16384, 0, FUNCTION | 1, 7);
	expect(AT, AT + 64 * KIB, AT, AT + 32 * KIB, GUESS_PYTHON_FRAMES);
}

TEST(numbers_that_are_no_frames_of_python)
{
	put_object(FUNCTION, TYPES + 0x400, TYPES, TYPES + 0x400);
	PUT(&process, AT, 0, 16384, 0, 0, FUNCTION, 7);
	expect(AT, AT + 64 * KIB, 0, 0, GUESS_NONE);
	put_object(FUNCTION, TYPES + 0x400, TYPES, TYPES);
	PUT(&process, AT, 0, 8192, 0, 0, FUNCTION, 7);
	expect(AT, AT + 64 * KIB, 0, 0, GUESS_NONE);
	PUT(&process, AT, 0, 16384, 0, 0, 7, 7);
	expect(AT, AT + 64 * KIB, 0, 0, GUESS_NONE);
}

/* Made by hand, to the last mark. */
TEST(heaps_of_languages_that_the_process_does_not_have)
{
	map_file("program");
	put_pool(AT, 7, 3, 16384 - 64);
	put_pool(AT + MIB, 8, 3, 16384 - 64);
	expect(AT, AT + 2 * MIB, AT, AT + 2 * MIB, GUESS_PYTHON_LIKELY);
	put_object(FUNCTION, TYPES + 0x400, TYPES, TYPES);
	PUT(&process, AT, 0, 16384, 0, 0, FUNCTION, 7);
	expect(AT, AT + 16 * KIB, AT, AT + 16 * KIB, GUESS_PYTHON_FRAMES_LIKELY);
	PUT(&process, LOW, 4, LOW, 256 * KIB, 0x252f6ea0, LOW + 0x1140, LOW + 256 * KIB);
	expect(LOW, LOW + 256 * KIB, LOW, LOW + 256 * KIB, GUESS_V8_HEAP_LIKELY);
	put_ruby(AT, 64 * KIB, 0x5500000);
	expect(AT, AT + 64 * KIB, AT, AT + 64 * KIB, GUESS_RUBY_LIKELY);
	PUT(&process, AT, 0x80001, 0, AT + 0x80000, 0x5616000);
	PUT(&process, AT + 0x80000, 0x80001, AT, 0, 0x5616005);
	expect(AT, AT + 0x100000, AT, AT + 0x100000, GUESS_ERLANG_LIKELY);
	put_group(GHC, GHC + 0x4100, 1);
	expect(GHC, GHC + MIB, GHC, GHC + MIB, GUESS_GHC_LIKELY);
}

/* The first file is the program, which needs no look at the others. */
TEST(a_program_is_known_when_it_passes)
{
	const struct mapping python = {.start = 0x400000,
				       .end = 0x500000,
				       .inode = 7,
				       .perms = "r--p",
				       .name = SLICE_INIT("/usr/bin/python3.11")};

	signs.pass(&python, &process.facts);
	put_pool(AT, 7, 3, 16384 - 64);
	put_pool(AT + MIB, 8, 3, 16384 - 64);
	expect(AT, AT + 2 * MIB, AT, AT + 2 * MIB, GUESS_PYTHON);
}

/* How far a block is used, what was marked last, how many objects, and the next block. */
static void put_transient(uint64_t at, uint64_t used, uint64_t next)
{
	PUT(&process, at, used | UINT64_C(0xffff) << 16 | UINT64_C(2) << 32, next);
}

TEST(blocks_of_rubys_transient_heap)
{
	fake_process_map(&process, "ruby3.1", 0x400000, NULL, 0);
	for (uint64_t i = 0; i < 8; i++)
		put_transient(AT + i * 32 * KIB, 0x40, i ? AT + (i - 1) * 32 * KIB : 0);
	expect(AT, AT + 32 * MIB, AT, AT + 32 * MIB, GUESS_RUBY);
	expect(AT, AT + 31 * MIB, 0, 0, GUESS_NONE);
	put_transient(AT + 2 * 32 * KIB, 0x8001, AT);
	expect(AT, AT + 32 * MIB, 0, 0, GUESS_NONE);
}

TEST(blocks_of_another_program)
{
	fake_process_map(&process, "program", 0x400000, NULL, 0);
	for (uint64_t i = 0; i < 8; i++)
		put_transient(AT + i * 32 * KIB, 0x40, i ? AT + (i - 1) * 32 * KIB : 0);
	expect(AT, AT + 32 * MIB, 0, 0, GUESS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(arenas_of_python_begin_at_any_page, set_up),
		cmocka_unit_test_setup(arenas_of_old_python_are_smaller, set_up),
		cmocka_unit_test_setup(what_follows_the_arenas_is_not_theirs, set_up),
		cmocka_unit_test_setup(an_arena_behind_unknown_memory, set_up),
		cmocka_unit_test_setup(many_arenas_are_only_likely, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_pool, set_up),
		cmocka_unit_test_setup(pages_of_v8, set_up),
		cmocka_unit_test_setup(a_large_page_of_v8_and_the_next, set_up),
		cmocka_unit_test_setup(chunks_that_look_like_pages_of_v8, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_page_of_v8, set_up),
		cmocka_unit_test_setup(pages_of_ruby, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_page_of_ruby, set_up),
		cmocka_unit_test_setup(carriers_of_erlang_point_at_each_other, set_up),
		cmocka_unit_test_setup(an_allocator_of_erlang_has_a_name, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_carrier, set_up),
		cmocka_unit_test_setup(chunks_of_php_are_a_ring, set_up),
		cmocka_unit_test_setup(sbcl_says_where_its_space_is, set_up),
		cmocka_unit_test_setup(the_same_address_in_another_program, set_up),
		cmocka_unit_test_setup(megablocks_of_haskell, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_megablock, set_up),
		cmocka_unit_test_setup(the_collector_lists_its_sections, set_up),
		cmocka_unit_test_setup(lists_that_are_not_the_heap, set_up),
		cmocka_unit_test_setup(blocks_of_luajit, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_blocks_of_luajit, set_up),
		cmocka_unit_test_setup(super_pages_of_chromium, set_up),
		cmocka_unit_test_setup(pages_of_oilpan_have_one_heap, set_up),
		cmocka_unit_test_setup(text_is_no_heap_of_oilpan, set_up),
		cmocka_unit_test_setup(what_lies_behind_unknown_memory_is_only_likely, set_up),
		cmocka_unit_test_setup(looks_behind_unknown_memory_are_for_each_mapping, set_up),
		cmocka_unit_test_setup(pages_of_v8_in_its_sandbox, set_up),
		cmocka_unit_test_setup(a_large_object_of_oilpan_fills_its_mapping, set_up),
		cmocka_unit_test_setup(frames_of_python_begin_with_an_object, set_up),
		cmocka_unit_test_setup(numbers_that_are_no_frames_of_python, set_up),
		cmocka_unit_test_setup(heaps_of_languages_that_the_process_does_not_have, set_up),
		cmocka_unit_test_setup(a_program_is_known_when_it_passes, set_up),
		cmocka_unit_test_setup(blocks_of_rubys_transient_heap, set_up),
		cmocka_unit_test_setup(blocks_of_another_program, set_up),
	};

	return RUN(tests);
}
