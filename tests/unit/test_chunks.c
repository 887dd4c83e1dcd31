/* chunks: glibc's malloc as a test has made it, in a process whose `mem` and `pagemap` are files.
 */
#include "support.h"

#include "source/chunks.h"

#include <fcntl.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64, SIZE = PAGES * PAGE };

#define AT	UINT64_C(0x10000000) /* where an arena's heap may lie, too */
#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)
#define USED	1 /* the chunk before */
#define MAPPED	2
#define OTHER	4 /* arena than main */

static char *root;
static int folder;
static struct procdir dir;
static struct io io;
static struct process_memory memory;
static struct memory_window window;
static uint64_t words[SIZE / 8], pages[PAGES];
static struct heap_use use;

static int set_up(void **state)
{
	static const struct reading reading;
	static const struct sink sink;

	(void)state;
	root = tree_make();
	folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	dir = (struct procdir){.fd = folder, .prefix = ""};
	memset(words, 0, sizeof(words));
	for (int i = 0; i < PAGES; i++)
		pages[i] = PRESENT;
	use = (struct heap_use){.known = false};
	return io_init(&io, &reading, &sink) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	process_memory_end(&memory);
	io_free(&io);
	close(folder);
	tree_remove(root);
	return 0;
}

static void write_file(const char *name, const void *bytes, size_t size, uint64_t offset)
{
	char *path = tree_path(root, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, (off_t)offset), size);
	assert_int_equal(ftruncate(fd, 1 << 30), 0);
	close(fd);
	free(path);
}

static void begin(void)
{
	write_file("mem", words, sizeof(words), AT);
	write_file("pagemap", pages, sizeof(pages), AT / PAGE * 8);
	process_memory_begin(&memory, &io, &dir);
	window_begin(&window, &memory);
}

/* Puts a chunk's header; returns where the next one lies. */
static uint64_t put(uint64_t at, uint64_t before, uint64_t size, unsigned flags)
{
	words[at / 8] = before;
	words[at / 8 + 1] = size | flags;
	return at + size;
}

static void walk_heap(void)
{
	struct chunk_looks looks = {100, 100};

	begin();
	chunks_of_heap(&window, AT, AT + SIZE, &looks, &use);
}

static void walk_maps(uint64_t size)
{
	struct chunk_looks looks = {100, 100};

	begin();
	chunks_of_maps(&window, AT, AT + size, &looks, &use);
}

static void check(bool known, bool partial, uint64_t used, uint64_t free, uint64_t trimmable)
{
	assert_int_equal(use.known, known);
	assert_int_equal(use.partial, partial);
	assert_int_equal(use.used, used);
	assert_int_equal(use.free, free);
	assert_int_equal(use.trimmable, trimmable);
}

/* So many used chunks of 64 bytes. */
static uint64_t put_many(uint64_t at, unsigned count, unsigned flags)
{
	while (count-- > 0)
		at = put(at, 0, 64, USED | flags);
	return at;
}

/* A used chunk, a free one of 5 pages and a half, a used one, and top. */
static uint64_t put_heap(void)
{
	uint64_t at = put(0, 0, 0x290, USED);

	at = put(at, 0, 22 * 1024, USED);
	at = put(at, 22 * 1024, 0x100, 0);
	put(at, 0, SIZE - at, USED);
	return at;
}

TEST(a_heap)
{
	uint64_t top = put_heap();

	walk_heap();
	/* Whole pages: 1 to 4 of the free chunk, and those of top. */
	check(true, false, 0x390, SIZE - 0x390, 4 * PAGE + SIZE - (top + PAGE) / PAGE * PAGE);
}

TEST(pages_that_are_not_there_do_not_count)
{
	put_heap();
	pages[2] = 0;
	pages[3] = SWAPPED;
	for (int i = 7; i < PAGES; i++)
		pages[i] = 0;
	walk_heap();
	check(true, false, 0x390, 6 * PAGE - 0x390, 4 * PAGE);
}

TEST(a_heap_grew_or_shrank)
{
	uint64_t at = put_many(0, 100, 0);

	put(at, 0, 10 * PAGE - at, USED);
	for (int i = 10; i < PAGES; i++)
		pages[i] = 0;
	walk_heap();
	check(true, false, at, 10 * PAGE - at, 8 * PAGE);
	put(at, 0, SIZE + 8 * PAGE - at, USED);
	use = (struct heap_use){.known = false};
	walk_heap();
	assert_true(use.known && !use.partial);
	assert_int_equal(use.used, at);
}

/* What lies behind cannot be known. */
TEST(a_header_in_swap)
{
	uint64_t at = put_many(0, 100, 0);

	pages[at / PAGE + 1] = SWAPPED;
	put_many(at, 900, 0);
	walk_heap();
	check(true, true, 2 * PAGE - 64, 0, 0);
	pages[0] = SWAPPED;
	use = (struct heap_use){.known = false};
	walk_heap();
	check(false, true, 0, 0, 0);
}

TEST(somebody_moved_the_break)
{
	uint64_t at = put_many(0, 100, 0);

	at = put(at, 0, 16, USED);
	put(at, 0, 16, USED);
	walk_heap();
	check(true, true, 6400, 0, 0);
}

/* Each of them is at the place of the hundredth chunk. */
TEST(what_makes_no_sense_is_not_counted)
{
	static const struct {
		uint64_t before, size;
	} wrong[] = {
		{0, 64 | USED | MAPPED},
		{0, 64 | USED | OTHER},
		{0, 72 | USED},
		{0, 24 | USED},
		{0, UINT64_MAX - 15},
		{0, (UINT64_C(1) << 63) | USED},
		{0, 8},
		{63, 64},
		{0, (1ULL << 40) | USED},
		{0, 0x20001000 | USED},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		uint64_t at = put_many(0, 99, 0);

		use = (struct heap_use){.known = false};
		put_many(at, 900, 0);
		words[at / 8] = wrong[i].before;
		words[at / 8 + 1] = wrong[i].size;
		walk_heap();
		check(false, true, 0, 0, 0);
		process_memory_end(&memory);
	}
}

TEST(other_memory)
{
	memset(words, 0x33, sizeof(words));
	walk_heap();
	check(false, false, 0, 0, 0);
	walk_maps(SIZE);
	check(false, false, 0, 0, 0);
	memset(words, 0, sizeof(words));
	walk_heap();
	walk_maps(SIZE);
	check(false, false, 0, 0, 0);
}

static void put_arena_heap(uint64_t arena, uint64_t before, uint64_t size)
{
	words[0] = arena;
	words[1] = before;
	words[2] = size;
	words[3] = SIZE;
}

TEST(arenas)
{
	/* The head of a heap and the state of its arena, of glibc 2.35 and before. */
	static const uint64_t heads[] = {48, 32}, firsts[] = {0x8d0, 0x8c0};

	for (size_t i = 0; i < 2; i++) {
		uint64_t at = put_many(firsts[i], 20, OTHER);

		use = (struct heap_use){.known = false};
		put_arena_heap(AT + heads[i], 0, 32 * PAGE);
		at = put(at, 0, 4 * PAGE, USED);
		at = put(at, 4 * PAGE, 64, OTHER);
		put(at, 0, 32 * PAGE - at, USED);
		walk_maps(SIZE);
		/* Nobody gives back the top of an arena. */
		check(true, false, firsts[i] + 21 * 64, 32 * PAGE - firsts[i] - 21 * 64, 3 * PAGE);
		process_memory_end(&memory);
	}
}

/* Links one chunk of 64 bytes of an arena's heap to another, as glibc does from 2.32 on or before.
 */
static void link_chunk(unsigned from, unsigned to, bool disguised)
{
	uint64_t place = 0x8d0 + 64 * from + 16, next = to ? AT + 0x8d0 + 64 * to : 0;

	words[place / 8] = disguised ? next ^ (AT + place) >> 12 : next;
}

static void walk_fastbins(uint64_t fast)
{
	uint64_t used = 0x8d0 + 20 * 64 - fast;

	words[(48 + 16 + 16) / 8] = AT + 0x8d0 + 64; /* the list of 64 bytes begins at chunk 1 */
	use = (struct heap_use){.known = false};
	walk_maps(SIZE);
	check(true, false, used, 8 * PAGE - used, 0);
	process_memory_end(&memory);
}

TEST(fastbins)
{
	uint64_t top = put_many(0x8d0, 20, OTHER);

	put(top, 0, 8 * PAGE - top, USED);
	put_arena_heap(AT + 48, 0, 8 * PAGE);
	for (int disguised = 0; disguised < 2; disguised++) {
		link_chunk(1, 7, disguised);
		link_chunk(7, 3, disguised);
		link_chunk(3, 0, disguised);
		walk_fastbins(3 * 64);
	}
	words[(0x8d0 + 64 * 7 + 16) / 8] = AT + 0x123; /* is none */
	walk_fastbins(2 * 64);
	link_chunk(7, 1, true); /* a ring has more than there is */
	walk_fastbins(0);
}

/* It ends in a fence, where the arena continues in another one. */
TEST(a_heap_of_an_arena_that_has_several)
{
	uint64_t at = put_many(48, 100, OTHER), end = 2 * PAGE;

	at = put(at, 0, end - 32 - at, USED);
	at = put(at, end - 32 - 6448, 16, 0);
	put(at, 0, 0, USED);
	put_arena_heap(AT + 0x4000000 + 48, AT + 0x4000000, end);
	walk_maps(end);
	check(true, false, 48 + 6400 + 32, end - 32 - 6448, 0);
}

TEST(no_arenas)
{
	static const uint64_t wrong[][3] = {
		{AT + 40, 0, SIZE},	     /* the state of the arena is not behind the head, */
		{AT + 48, AT + PAGE, SIZE},  /* there is no heap before, */
		{AT + 48, 0, SIZE + PAGE},   /* more is used than accessible, */
		{AT + 48, 0, SIZE - 16},     /* or what is no page, */
		{AT + 0x4000030, 0, SIZE},   /* the first one is another, */
		{AT + 48, AT - 0x4000000, 0} /* or it has no memory */
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		put_many(0x8d0, 2000, OTHER);
		put_arena_heap(wrong[i][0], wrong[i][1], wrong[i][2]);
		walk_maps(SIZE);
		check(false, false, 0, 0, 0);
		process_memory_end(&memory);
	}
}

TEST(chunks_by_themselves)
{
	put(put(0, 0, 16 * PAGE, MAPPED), 0, 48 * PAGE, MAPPED);
	pages[20] = 0;
	walk_maps(SIZE);
	check(true, false, SIZE - PAGE, 0, 0);
}

/* Two marks are sure: it ends where another one begins, or where the mapping ends. */
TEST(a_chunk_among_other_memory)
{
	memset(words, 0x33, sizeof(words));
	put(5 * PAGE, 0, 16 * PAGE, MAPPED);
	walk_maps(SIZE);
	check(false, true, 0, 0, 0);
	put(21 * PAGE, 0, 2 * PAGE, MAPPED);
	put(60 * PAGE, 0, 4 * PAGE, MAPPED);
	use = (struct heap_use){.known = false};
	walk_maps(SIZE);
	check(true, false, 22 * PAGE, 0, 0);
}

TEST(no_right_to_look)
{
	struct chunk_looks looks = {100, 100};
	char *path = tree_path(root, "mem");

	put_heap();
	begin();
	unlink(path);
	free(path);
	chunks_of_heap(&window, AT, AT + SIZE, &looks, &use);
	check(false, true, 0, 0, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_heap),
		CASE(pages_that_are_not_there_do_not_count),
		CASE(a_heap_grew_or_shrank),
		CASE(a_header_in_swap),
		CASE(somebody_moved_the_break),
		CASE(what_makes_no_sense_is_not_counted),
		CASE(other_memory),
		CASE(arenas),
		CASE(fastbins),
		CASE(a_heap_of_an_arena_that_has_several),
		CASE(no_arenas),
		CASE(chunks_by_themselves),
		CASE(a_chunk_among_other_memory),
		CASE(no_right_to_look),
	};

	return RUN(tests);
}
