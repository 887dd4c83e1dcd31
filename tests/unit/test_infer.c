/* infer: what the neighbours of unnamed memory prove, and look-alikes. */
#include "support.h"

#include "classify/infer.h"

static struct infer infer;
static char *text;
static size_t size;
static FILE *out;

static int write_down(void *ctx, const struct mapping *m, enum guess guess, struct error *e)
{
	struct slice label = guess_labels[guess];

	assert_ptr_equal(ctx, &infer);
	fprintf(out, "%jx%s%.*s\n", (uintmax_t)m->start, guess == GUESS_NONE ? "" : " ",
		(int)label.len, label.len ? label.ptr : "");
	return m->start == 0xbad000 ? error_set(e, ERROR_MEMORY, "no") : 0;
}

static int set_up(void **state)
{
	(void)state;
	out = open_memstream(&text, &size);
	assert_non_null(out);
	infer_init(&infer, write_down, &infer);
	infer_begin(&infer);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fclose(out);
	free(text);
	return 0;
}

enum { UNTOUCHED = 0, RESIDENT = 4096 };

static int map(uint64_t start, uint64_t end, const char *perms, const char *name, uint64_t inode,
	       uint64_t offset, uint64_t rss)
{
	struct mapping m = {.start = start,
			    .end = end,
			    .name = slice_of(name),
			    .inode = inode,
			    .offset = offset,
			    .dev_major = inode ? 8 : 0};
	struct error e;

	m.counters.known = COUNTER_BIT(COUNTER_RSS);
	m.counters.bytes[COUNTER_RSS] = rss;
	memcpy(m.perms, perms, sizeof(m.perms));
	return infer_mapping(&infer, &m, &e);
}

static void anon(uint64_t start, uint64_t end)
{
	assert_int_equal(map(start, end, "rw-p", "", 0, 0, RESIDENT), 0);
}

static void closed(uint64_t start, uint64_t end)
{
	assert_int_equal(map(start, end, "---p", "", 0, 0, UNTOUCHED), 0);
}

static void file(uint64_t start, uint64_t end, const char *perms, uint64_t inode, uint64_t offset,
		 const char *name)
{
	assert_int_equal(map(start, end, perms, name, inode, offset, RESIDENT), 0);
}

/* The segments of a library of 0x6000 bytes. */
static void library(uint64_t at, const char *name)
{
	file(at, at + 0x1000, "r--p", at, 0, name);
	file(at + 0x1000, at + 0x4000, "r-xp", at, 0x1000, name);
	file(at + 0x4000, at + 0x5000, "r--p", at, 0x4000, name);
	file(at + 0x5000, at + 0x6000, "rw-p", at, 0x5000, name);
}

/* Compares what was recorded since the last call. */
static void expect(const char *wanted, int line)
{
	struct error e;

	assert_int_equal(infer_end(&infer, &e), 0);
	assert_int_equal(fflush(out), 0);
	if (strcmp(text, wanted) != 0) {
		print_error("got\n%s, wanted\n%s", text, wanted);
		_fail(__FILE__, line);
	}
	fclose(out);
	free(text);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	infer_begin(&infer);
}
#define expect(wanted) expect(wanted, __LINE__)

TEST(reserved_is_what_nobody_may_touch_and_nobody_did)
{
	closed(0x10000, 0x20000);
	assert_int_equal(map(0x20000, 0x30000, "---p", "", 0, 0, RESIDENT), 0);
	assert_int_equal(map(0x30000, 0x40000, "r--p", "", 0, 0, UNTOUCHED), 0);
	assert_int_equal(map(0x40000, 0x50000, "rw-p", "", 0, 0, UNTOUCHED), 0);
	assert_int_equal(map(0x50000, 0x60000, "---p", "/x", 7, 0, UNTOUCHED), 0);
	expect("10000 ~reserved\n20000\n30000\n40000\n50000\n");
}

/* If the resident size is unknown, it cannot be taken for zero. */
TEST(reserved_must_be_known)
{
	struct mapping m = {.start = 0x1000, .end = 0x2000, .perms = "---p", .name = SLICE("")};
	struct error e;

	assert_int_equal(infer_mapping(&infer, &m, &e), 0);
	m.counters.known = COUNTER_BIT(COUNTER_RSS) | COUNTER_BIT(COUNTER_SWAP);
	m.counters.bytes[COUNTER_SWAP] = 4096;
	assert_int_equal(infer_mapping(&infer, &m, &e), 0);
	expect("1000\n1000\n");
}

TEST(jit_may_be_executed)
{
	assert_int_equal(map(0x10000, 0x20000, "rwxp", "", 0, 0, RESIDENT), 0);
	assert_int_equal(map(0x20000, 0x30000, "r-xp", "", 0, 0, RESIDENT), 0);
	assert_int_equal(map(0x30000, 0x40000, "r-xp", "/x", 7, 0, RESIDENT), 0);
	assert_int_equal(map(0x40000, 0x50000, "r-xp", "[vdso]", 0, 0, RESIDENT), 0);
	expect("10000 ~jit?\n20000 ~jit?\n30000\n40000\n");
}

static void code(uint64_t start, uint64_t end, const char *perms, uint64_t rss)
{
	assert_int_equal(map(start, end, perms, "", 0, 0, rss), 0);
}

/* Of a program that makes code it is certain. */
TEST(jit_of_a_program_that_makes_code)
{
	library(0x1000000, "/usr/bin/node");
	code(0x2000000, 0x12000000, "rwxp", 0x4000000);
	code(0x13000000, 0x14000000, "r-xp", RESIDENT);
	expect("1000000\n1001000\n1004000\n1005000\n2000000 ~jit\n13000000 ~jit\n");
}

/* A heap of which all may be executed is no code, and then smaller memory need not be either. */
TEST(much_memory_that_may_be_written_and_executed_is_no_jit)
{
	library(0x1000000, "/usr/bin/scheme");
	code(0x2000000, 0x12000000, "rwxp", 0x4000000);
	code(0x13000000, 0x13100000, "rwxp", RESIDENT);
	code(0x14000000, 0x14100000, "r-xp", RESIDENT);
	expect("1000000\n1001000\n1004000\n1005000\n2000000\n13000000\n14000000 ~jit?\n");
}

TEST(heaps_of_programs_that_may_execute_them_are_no_jit)
{
	library(0x1000000, "/usr/bin/sbcl");
	code(0x2000000, 0x2100000, "rwxp", RESIDENT);
	expect("1000000\n1001000\n1004000\n1005000\n2000000\n");
	library(0x1000000, "/usr/bin/true");
	library(0x2000000, "/usr/libexec/valgrind/memcheck-amd64-linux");
	code(0x3000000, 0x3100000, "rwxp", RESIDENT);
	expect("1000000\n1001000\n1004000\n1005000\n2000000\n2001000\n2004000\n2005000\n"
	       "3000000\n");
}

/* As on i386 for programs without a mark for their stack. */
TEST(where_data_may_be_executed_that_proves_nothing)
{
	assert_int_equal(map(0x10000, 0x20000, "r-xp", "/x", 7, 0, RESIDENT), 0);
	assert_int_equal(map(0x20000, 0x30000, "rwxp", "/x", 7, 0x10000, RESIDENT), 0);
	code(0x100000, 0x200000, "rwxp", RESIDENT);
	expect("10000\n20000\n100000\n");
	assert_int_equal(map(0x80000, 0x90000, "rwxp", "[heap]", 0, 0, RESIDENT), 0);
	code(0x100000, 0x200000, "rwxp", RESIDENT);
	expect("80000\n100000\n");
}

TEST(stacks_may_be_executable)
{
	closed(0xff000, 0x100000);
	code(0x100000, 0x900000, "rwxp", RESIDENT);
	closed(0x9ff000, 0xa00000);
	code(0xa00000, 0x1200000, "rwxp", 0x500000);
	closed(0x12ff000, 0x1300000);
	code(0x1300000, 0x1b00000, "r-xp", RESIDENT);
	expect("ff000 ~reserved\n100000 ~thread stack?\n9ff000 ~reserved\na00000 ~jit?\n"
	       "12ff000 ~reserved\n1300000 ~jit?\n");
}

/* A program that was moved to huge pages, in part; its .bss is found behind. */
TEST(text_fills_a_hole_of_its_file)
{
	file(0x1000000, 0x1001000, "r-xp", 7, 0, "/x");
	code(0x1001000, 0x1005000, "r-xp", RESIDENT);
	file(0x1005000, 0x1006000, "r-xp", 7, 0x5000, "/x");
	code(0x1006000, 0x1008000, "r-xp", RESIDENT);
	file(0x1008000, 0x1009000, "rw-p", 7, 0x8000, "/x");
	anon(0x1009000, 0x100a000);
	expect("1000000\n1001000 ~program text\n1005000\n1006000 ~program text\n1008000\n"
	       "1009000 ~.bss?\n");
}

TEST(what_fills_no_hole_is_no_text)
{
	file(0x1000000, 0x1001000, "r-xp", 7, 0, "/x");
	code(0x1001000, 0x1005000, "r-xp", RESIDENT);
	file(0x1005000, 0x1006000, "r-xp", 7, 0x6000, "/x"); /* of other bytes */
	code(0x1006000, 0x1008000, "r-xp", RESIDENT);
	file(0x1009000, 0x100a000, "r-xp", 7, 0x9000, "/x"); /* not right behind */
	code(0x100a000, 0x100b000, "r-xp", RESIDENT);
	file(0x100b000, 0x100c000, "r-xp", 8, 0xb000, "/y"); /* another file */
	code(0x100c000, 0x100d000, "rwxp", RESIDENT);	     /* may be written */
	file(0x100d000, 0x100e000, "r-xp", 8, 0xd000, "/y");
	code(0x100e000, 0x100f000, "r-xp", RESIDENT); /* the last one */
	expect("1000000\n1001000 ~jit?\n1005000\n1006000 ~jit?\n1009000\n100a000 ~jit?\n"
	       "100b000\n100c000 ~jit?\n100d000\n100e000 ~jit?\n");
}

static void looked_at(uint64_t start, uint64_t end, enum guess guess)
{
	struct mapping m = {.start = start,
			    .end = end,
			    .perms = "rw-p",
			    .name = SLICE(""),
			    .was_looked_at = true,
			    .guess = guess};
	struct error e;

	m.counters.known = COUNTER_BIT(COUNTER_RSS);
	m.counters.bytes[COUNTER_RSS] = RESIDENT;
	assert_int_equal(infer_mapping(&infer, &m, &e), 0);
}

TEST(content_goes_before_place)
{
	closed(0x100000, 0x101000);
	looked_at(0x101000, 0x901000, GUESS_MALLOC);
	looked_at(0x4000000, 0x4100000, GUESS_ARENA);
	closed(0x4100000, 0x8000000);
	expect("100000 ~reserved\n101000 ~malloc\n4000000 ~malloc arena\n4100000 ~reserved\n");
}

/* Memory that `anonmem run` calls by its library or program, but no other that has a name. */
TEST(memory_called_by_what_took_it_is_guessed_at)
{
	struct mapping m = {.start = 0x4000000, .end = 0x4100000, .perms = "rw-p"};
	static const char *const names[] = {"[anon:libc.so.6]", "[anon:x]", "[anon:prog]"};
	struct error e;

	library(0x1000, "/usr/bin/prog");
	for (size_t i = 0; i < 3; i++, m.start += 0x1000000, m.end += 0x1000000) {
		m.name = slice_of(names[i]);
		m.by_process = true;
		m.was_looked_at = true;
		m.guess = GUESS_MALLOC;
		assert_int_equal(infer_mapping(&infer, &m, &e), 0);
	}
	m.by_process = false;
	m.guess = GUESS_NONE;
	assert_int_equal(infer_mapping(&infer, &m, &e), 0);
	expect("1000\n2000\n5000\n6000\n4000000 ~malloc\n5000000\n6000000 ~malloc\n7000000\n");
}

/* What would show there, but does not. */
TEST(content_refutes_place)
{
	library(0x1000, "/usr/bin/python3.11");
	looked_at(0x100000, 0x300000, GUESS_NONE);
	anon(0x400000, 0x600000);
	expect("1000\n2000\n5000\n6000\n100000\n400000 ~python objects?\n");
#if defined(__x86_64__)
	closed(0x100000, 0x101000);
	looked_at(0x101000, 0x901000, GUESS_NONE);
	expect("100000 ~reserved\n101000\n");
#endif
}

TEST(bss_follows_the_data_of_its_object)
{
	library(0x10000, "/bin/program");
	anon(0x16000, 0x99000); /* nothing else is put right after the program */
	library(0x100000, "/lib/a.so");
	anon(0x106000, 0x10c000);
	anon(0x10c000, 0x10d000); /* not directly after the library */
	library(0x180000, "/lib/p.so");
	file(0x186000, 0x187000, "r--p", 0x180000, 0x6000, "/lib/p.so"); /* data, protected later */
	anon(0x187000, 0x188000);
	library(0x200000, "/lib/b.so");
	anon(0x206000, 0x20d000); /* larger than the library, so it contains something else */
	library(0x300000, "/lib/c.so");
	anon(0x307000, 0x308000); /* a gap before it */
	expect("10000\n11000\n14000\n15000\n16000 ~.bss?\n"
	       "100000\n101000\n104000\n105000\n106000 ~.bss?\n10c000\n"
	       "180000\n181000\n184000\n185000\n186000\n187000 ~.bss?\n"
	       "200000\n201000\n204000\n205000\n206000\n"
	       "300000\n301000\n304000\n305000\n307000\n");
}

TEST(files_that_are_no_objects_have_no_bss)
{
	/* No code. */
	file(0x10000, 0x14000, "rw-p", 5, 0, "/data");
	anon(0x14000, 0x15000);
	/* Code, but not the head of an ELF file. */
	file(0x20000, 0x24000, "r-xp", 6, 0x1000, "/archive");
	file(0x24000, 0x25000, "rw-p", 6, 0x5000, "/archive");
	anon(0x25000, 0x26000);
	/* It has no data. */
	file(0x30000, 0x34000, "r-xp", 7, 0, "/lib/a.so");
	anon(0x34000, 0x35000);
	/* The data belongs to another file. */
	file(0x40000, 0x44000, "r-xp", 8, 0, "/lib/a.so");
	file(0x44000, 0x45000, "rw-p", 9, 0x1000, "/data");
	anon(0x45000, 0x46000);
	expect("10000\n14000\n20000\n24000\n25000\n30000\n34000\n40000\n44000\n45000\n");
}

TEST(stacks_have_a_guard_page_and_a_size)
{
	closed(0x10000000, 0x10001000);
	anon(0x10001000, 0x10801000); /* 8 MiB */
	closed(0x10801000, 0x10802000);
	anon(0x10802000, 0x11005000); /* with 12 KiB of other memory */
	closed(0x12000000, 0x12004000);
	anon(0x12004000, 0x12100000); /* 1 MiB including its guard */
	expect("10000000 ~reserved\n10001000 ~thread stack?\n10801000 ~reserved\n"
	       "10802000 ~thread stack?\n12000000 ~reserved\n12004000 ~thread stack?\n");
}

TEST(what_is_no_stack)
{
	closed(0x10000000, 0x10001000);
	anon(0x10001000, 0x10002000); /* too small */
	closed(0x10002000, 0x10003000);
	anon(0x10003000, 0x10603000); /* 6 MiB */
	closed(0x11000000, 0x11020000);
	anon(0x11020000, 0x11820000); /* after more than guard pages */
	closed(0x12000000, 0x12001000);
	anon(0x12002000, 0x12802000); /* after a gap */
	closed(0x13000000, 0x13001000);
	/* More of it is used than of a stack; or nothing at all. */
	assert_int_equal(map(0x13001000, 0x13801000, "rw-p", "", 0, 0, 0x401000), 0);
	closed(0x14000000, 0x14001000);
	assert_int_equal(map(0x14001000, 0x14801000, "rw-p", "", 0, 0, UNTOUCHED), 0);
	expect("10000000 ~reserved\n10001000\n10002000 ~reserved\n10003000\n11000000 ~reserved\n"
	       "11020000\n12000000 ~reserved\n12002000\n13000000 ~reserved\n13001000\n"
	       "14000000 ~reserved\n14001000\n");
}

TEST(arenas_are_aligned_and_keep_their_rest)
{
	anon(0x7f0010000000, 0x7f0010021000);
	closed(0x7f0010021000, 0x7f0014000000);
	anon(0x7f0014000000, 0x7f0017fff000);
	closed(0x7f0017fff000, 0x7f0018000000);
	/* Not aligned. */
	anon(0x7f0018001000, 0x7f0018022000);
	closed(0x7f0018022000, 0x7f001c001000);
	/* The reserve ends elsewhere. */
	anon(0x7f0020000000, 0x7f0020021000);
	closed(0x7f0020021000, 0x7f0024001000);
	/* There is no reserve. */
	anon(0x7f0028000000, 0x7f0028021000);
	expect("7f0010000000 ~malloc arena?\n7f0010021000 ~reserved\n7f0014000000 ~malloc arena?\n"
	       "7f0017fff000 ~reserved\n7f0018001000\n7f0018022000 ~reserved\n7f0020000000\n"
	       "7f0020021000 ~reserved\n7f0028000000\n");
}

TEST(the_heap_of_go_begins_at_its_address)
{
	anon(0xc000000000, 0xc000400000);
	closed(0xc000400000, 0xc004000000);
	anon(0xc004000000, 0xc004800000);
	anon(0xc008000000, 0xc008400000); /* after a gap */
	expect("c000000000 ~go heap?\nc000400000 ~reserved\nc004000000 ~go heap?\nc008000000\n");
	anon(0xc000000000, 0xc000100000); /* not a multiple of its chunks */
	anon(0xc000100000, 0xc000200000);
	expect("c000000000\nc000100000\n");
	anon(0xc004000000, 0xc004400000); /* not at its first address */
	expect("c004000000\n");
}

TEST(the_heap_of_java_ends_where_its_pointers_do)
{
	anon(0xc0000000, 0xd7a00000);
	closed(0xd7a00000, 0xffe00000);
	file(0xffe00000, 0xffe75000, "rw-p", 5, 0x1000, "/classes.jsa");
	anon(0xffe75000, 0x100000000);
	anon(0x100000000, 0x100100000); /* after its end */
	expect("c0000000 ~java heap?\nd7a00000 ~reserved\nffe00000\nffe75000 ~java heap?\n"
	       "100000000\n");
	anon(0x740000000, 0x800000000); /* allocated all at once */
	anon(0x800000000, 0x800100000);
	expect("740000000 ~java heap?\n800000000\n");
	anon(0xf0000000, 0xffe00000);
	file(0xffe00000, 0xffe75000, "rw-p", 5, 0x1000, "/classes.jsa");
	expect("f0000000 ~java heap?\nffe00000\n");
}

TEST(what_is_no_heap_of_java)
{
	/* An arena of a 32-bit process. */
	anon(0xf7400000, 0xf7421000);
	closed(0xf7421000, 0xf7500000);
	/* Not aligned. */
	anon(0x680001000, 0x688001000);
	closed(0x688001000, 0x690000000);
	/* No reserve after it. */
	anon(0x6a0000000, 0x6a8000000);
	/* Beyond the reach of 32-bit pointers. */
	anon(0x900000000, 0x908000000);
	closed(0x908000000, 0x910000000);
	expect("f7400000\nf7421000 ~reserved\n680001000\n688001000 ~reserved\n6a0000000\n"
	       "900000000\n908000000 ~reserved\n");
}

TEST(pages_of_v8_lie_alone)
{
	anon(0x117efc40000, 0x117efc80000);
	anon(0x16345980000, 0x163459c0000);
	anon(0x163459c0000, 0x16345a00000);   /* adjacent */
	anon(0x18596dc1000, 0x18596e01000);   /* not aligned */
	anon(0x1b503800000, 0x1b503880000);   /* of another size */
	anon(0x3590ee300000, 0x3590ee400000); /* SpiderMonkey's size */
	anon(0x3590ef340000, 0x3590ef440000); /* not aligned to that size */
	anon(0x7f0000040000,
	     0x7f0000080000); /* where the kernel puts requests without an address */
	anon(0x7f0000100000, 0x7f0000140000);
	expect("117efc40000 ~v8 heap?\n16345980000\n163459c0000\n18596dc1000\n1b503800000\n"
	       "3590ee300000 ~spidermonkey heap?\n3590ef340000\n7f0000040000\n7f0000100000\n");
}

TEST(the_last_mapping_of_a_process_is_not_lost)
{
	anon(0x117efc40000, 0x117efc80000);
	expect("117efc40000 ~v8 heap?\n");
	anon(0x7f0000000000, 0x7f0000080000);
	expect("7f0000000000\n");
}

TEST(interpreters_take_memory_in_pieces)
{
	library(0x10000, "/usr/bin/python3.11");
	anon(0x7f0000001000, 0x7f0000201000);
	anon(0x7f0001001000, 0x7f0001202000); /* not a multiple */
	expect("10000\n11000\n14000\n15000\n7f0000001000 ~python objects?\n7f0001001000\n");
	/* Still the arena of a thread. */
	library(0x10000, "/usr/bin/python3.11");
	anon(0x7f0010000000, 0x7f0010200000);
	closed(0x7f0010200000, 0x7f0014000000);
	expect("10000\n11000\n14000\n15000\n7f0010000000 ~malloc arena?\n"
	       "7f0010200000 ~reserved\n");
	library(0x10000, "/usr/sbin/php-fpm8.2");
	anon(0x7f0000200000, 0x7f0000601000);
	anon(0x7f0001001000, 0x7f0001201000); /* not aligned */
	anon(0x7f0002000000, 0x7f0002100000); /* too small */
	expect("10000\n11000\n14000\n15000\n7f0000200000 ~php heap?\n7f0001001000\n7f0002000000\n");
	library(0x10000, "/usr/bin/redis-check-rdb");
	anon(0x7f0000200000, 0x7f0000300000);
	anon(0x7f0001001000, 0x7f0001011000); /* too small */
	expect("10000\n11000\n14000\n15000\n7f0000200000 ~redis heap?\n7f0001001000\n");
	library(0x10000, "/usr/lib/firefox-esr/firefox-esr");
	anon(0x7f0000100000, 0x7f0000281000);
	anon(0x7f0001001000, 0x7f0001201000); /* not aligned */
	closed(0x7f0002002000, 0x7f0002003000);
	anon(0x7f0002003000, 0x7f00020ff000);
	closed(0x7f00020ff000, 0x7f0002100000);
	closed(0x7f0003003000, 0x7f0003004000); /* the stack of a thread */
	anon(0x7f0003004000, 0x7f0003104000);
	expect("10000\n11000\n14000\n15000\n7f0000100000 ~firefox heap?\n7f0001001000\n"
	       "7f0002002000 ~reserved\n7f0002003000 ~firefox heap?\n7f00020ff000 ~reserved\n"
	       "7f0003003000 ~reserved\n7f0003004000 ~thread stack?\n");
	/* Another program that merely has such a library. */
	library(0x10000, "/usr/bin/perl");
	library(0x7e0000000000, "/usr/lib/php8.2");
	anon(0x7f0000200000, 0x7f0000601000);
	expect("10000\n11000\n14000\n15000\n7e0000000000\n7e0000001000\n7e0000004000\n"
	       "7e0000005000\n7f0000200000\n");
}

/* As PHP has it, to compile what it runs. */
TEST(shared_code_is_no_program)
{
	file(0x8000, 0x9000, "rwxs", 5, 0, "/dev/zero (deleted)");
	library(0x10000, "/usr/bin/php8.2");
	anon(0x7f0000200000, 0x7f0000a01000);
	expect("8000\n10000\n11000\n14000\n15000\n7f0000200000 ~php heap?\n");
}

TEST(names_are_left_alone)
{
	library(0x10000, "/bin/program");
	assert_int_equal(map(0x16000, 0x17000, "rw-p", "[heap]", 0, 0, RESIDENT), 0);
	assert_int_equal(map(0x17000, 0x18000, "---p", "[anon:guard]", 0, 0, UNTOUCHED), 0);
	assert_int_equal(map(0x18000, 0x818000, "rw-p", "[anon: Go: heap]", 0, 0, RESIDENT), 0);
	assert_int_equal(map(0x900000, 0xa00000, "rw-s", "", 0, 0, RESIDENT), 0);
	expect("10000\n11000\n14000\n15000\n16000\n17000\n18000\n900000\n");
}

/* A process that is read again must not see the previous reading. */
TEST(a_new_process_has_a_new_window)
{
	anon(0x7f0010000000, 0x7f0010021000); /* held back, and dropped */
	infer_begin(&infer);
	closed(0x7f0010021000, 0x7f0014000000);
	infer_begin(&infer);
	anon(0x7f0014000000, 0x7f0014800000);
	expect("7f0010021000 ~reserved\n7f0014000000\n");
}

TEST(an_error_goes_up)
{
	struct error e;

	assert_int_equal(map(0xbad000, 0xbae000, "rw-p", "", 0, 0, RESIDENT), -1);
	infer_begin(&infer);
	infer.holding = true;
	infer.held.start = 0xbad000;
	infer.held.end = 0xbae000;
	assert_int_equal(map(0xbae000, 0xbaf000, "rw-p", "", 0, 0, RESIDENT), -1);
	assert_int_equal(infer_end(&infer, &e), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(reserved_is_what_nobody_may_touch_and_nobody_did),
		CASE(reserved_must_be_known),
		CASE(jit_may_be_executed),
		CASE(jit_of_a_program_that_makes_code),
		CASE(much_memory_that_may_be_written_and_executed_is_no_jit),
		CASE(heaps_of_programs_that_may_execute_them_are_no_jit),
		CASE(where_data_may_be_executed_that_proves_nothing),
		CASE(stacks_may_be_executable),
		CASE(text_fills_a_hole_of_its_file),
		CASE(what_fills_no_hole_is_no_text),
		CASE(content_goes_before_place),
		CASE(content_refutes_place),
		CASE(memory_called_by_what_took_it_is_guessed_at),
		CASE(bss_follows_the_data_of_its_object),
		CASE(files_that_are_no_objects_have_no_bss),
		CASE(stacks_have_a_guard_page_and_a_size),
		CASE(what_is_no_stack),
		CASE(arenas_are_aligned_and_keep_their_rest),
		CASE(the_heap_of_go_begins_at_its_address),
		CASE(the_heap_of_java_ends_where_its_pointers_do),
		CASE(what_is_no_heap_of_java),
		CASE(pages_of_v8_lie_alone),
		CASE(the_last_mapping_of_a_process_is_not_lost),
		CASE(interpreters_take_memory_in_pieces),
		CASE(shared_code_is_no_program),
		CASE(names_are_left_alone),
		CASE(a_new_process_has_a_new_window),
		CASE(an_error_goes_up),
	};

	return RUN(tests);
}
