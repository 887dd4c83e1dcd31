/* content: how the memory of a process is read for signs, of captures with a file `content` and of
 * a folder that looks like a running process. */
#include "support.h"

#include "classify/guess.h"
#include "classify/signs.h"
#include "source/live_memory.h"
#include "source/remembered.h"
#include "source/source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD  "7f0000000000-7f0000300000 rw-p 00000000 00:00 0 \n"
#define SIZE  "Size: 3072 kB\n"
#define ALL   "Rss: 3072 kB\nPss: 3072 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 3072 kB\nSwap: 0 kB\n"
#define PART  "Rss: 2048 kB\nPss: 2048 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 2048 kB\nSwap: 0 kB\n"
#define LOOK  "7f0000000000-7f0000300000\n"
#define CHUNK LOOK "7f0000000000 00000000000000000200200000000000\n" /* 2 MiB */

static char *root;
static struct remembered *remembered;
static char text[4096];

static int set_up(void **state)
{
	(void)state;
	root = tree_make();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

static bool begin(void *ctx, const struct process *process)
{
	(void)ctx, (void)process;
	return true;
}

static int note(void *ctx, const struct mapping *m, struct error *e)
{
	char *line = text + strlen(text);

	(void)ctx, (void)e;
	snprintf(line, sizeof(text) - strlen(text), "%s%zuK %zuK %s", line == text ? "" : ", ",
		 (size_t)((m->end - m->start) / 1024),
		 (size_t)(m->counters.bytes[COUNTER_RSS] / 1024),
		 m->guess ? guess_labels[m->guess].ptr : (m->was_looked_at ? "seen" : "unseen"));
	return 0;
}

static void cancel(void *ctx)
{
	(void)ctx;
	text[0] = '\0';
}

static void end(void *ctx, const struct ending *ending)
{
	(void)ctx;
	assert_int_equal(ending->outcome, OUTCOME_READ);
}

static const char *read_tree(void)
{
	const struct sink sink = {.begin = begin, .mapping = note, .cancel = cancel, .end = end};
	const struct reading how = {.signs = &signs, .remembered = remembered};
	struct error e;
	struct source *s = source_open_proc(root, NULL, 0, &e);
	struct target_list list;
	struct reader *reader;

	assert_non_null(s);
	text[0] = '\0';
	assert_int_equal(source_targets(s, &list, &e), 0);
	reader = reader_new(s, &how, &sink);
	assert_non_null(reader);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(reader_read(reader, list.targets[i], &e), 0);
	reader_free(reader);
	free(list.targets);
	source_close(s);
	return text;
}

/* A second look would find something else. */
TEST(a_mapping_is_looked_at_once)
{
	static const char stat[] = "7 (x) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 8192 10 9 "
				   "4096 8192 9999999 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n";

	tree_write(root, "7/stat", slice_of(stat));
	tree_write(root, "7/smaps", slice_of(HEAD SIZE ALL));
	tree_write(root, "7/content", slice_of(CHUNK));
	remembered = remembered_new();
	assert_non_null(remembered);
	remembered_begin(remembered);
	assert_string_equal(read_tree(), "2048K 2048K ~malloc?, 1024K 1024K seen");
	tree_write(root, "7/content", SLICE(LOOK "7f0000000000 00\n"));
	assert_string_equal(read_tree(), "2048K 2048K ~malloc?, 1024K 1024K seen");
	tree_write(root, "7/smaps", slice_of(HEAD SIZE PART));
	assert_string_equal(read_tree(), "3072K 2048K seen");
	remembered_free(remembered);
	remembered = NULL;
}

static void write_tree(const char *smaps, const char *content)
{
	tree_write(root, "7/smaps", slice_of(smaps));
	if (content)
		tree_write(root, "7/content", slice_of(content));
}

TEST(without_content_nothing_is_known)
{
	write_tree(HEAD SIZE ALL, NULL);
	assert_string_equal(read_tree(), "3072K 3072K unseen");
}

TEST(what_was_not_looked_at_is_unknown)
{
	write_tree(HEAD SIZE ALL, "7f0000000000 00000000000000000200200000000000\n");
	assert_string_equal(read_tree(), "3072K 3072K unseen");
}

TEST(a_mapping_is_divided)
{
	write_tree(HEAD SIZE ALL, CHUNK);
	assert_string_equal(read_tree(), "2048K 2048K ~malloc?, 1024K 1024K seen");
}

TEST(it_is_whole_where_its_pages_are_not_known)
{
	write_tree(HEAD SIZE PART, CHUNK);
	assert_string_equal(read_tree(), "3072K 2048K seen");
}

TEST(its_pages_may_have_been_counted)
{
	write_tree(HEAD SIZE PART, CHUNK "7f0000000000-7f0000200000 1572864 1572864 0\n"
					 "7f0000200000-7f0000300000 524288 524288 0\n");
	assert_string_equal(read_tree(), "2048K 1536K ~malloc?, 1024K 512K seen");
}

TEST(little_memory_is_not_looked_at)
{
	write_tree(HEAD SIZE "Rss: 60 kB\n", CHUNK);
	assert_string_equal(read_tree(), "3072K 60K unseen");
}

TEST(memory_under_userfaultfd_is_not_looked_at)
{
	write_tree(HEAD SIZE ALL "VmFlags: rd wr mr um ac \n", CHUNK);
	assert_string_equal(read_tree(), "3072K 3072K unseen");
	write_tree(HEAD SIZE ALL "VmFlags: rd wr uw mr ac \n", CHUNK);
	assert_string_equal(read_tree(), "3072K 3072K unseen");
	write_tree(HEAD SIZE ALL "VmFlags: rd wr mr ac \n", CHUNK);
	assert_string_equal(read_tree(), "2048K 2048K ~malloc?, 1024K 1024K seen");
}

TEST(what_has_a_name_or_a_file_is_not_looked_at)
{
	write_tree("7f0000000000-7f0000300000 rw-p 00000000 00:00 0 [anon:x]\n" SIZE ALL, CHUNK);
	assert_string_equal(read_tree(), "3072K 3072K unseen");
	write_tree("7f0000000000-7f0000300000 rw-s 00000000 00:01 5 /dev/zero\n" SIZE ALL, CHUNK);
	assert_string_equal(read_tree(), "3072K 3072K unseen");
	write_tree("7f0000000000-7f0000300000 r--p 00000000 00:00 0 \n" SIZE ALL, CHUNK);
	assert_string_equal(read_tree(), "3072K 3072K unseen");
}

TEST(other_lines_mean_nothing)
{
	write_tree(HEAD SIZE ALL,
		   "x\n\n7f0000000000\n7f0000000000 zz\n7f+ 00\n0+0 00\n1-\n1-2 3 4 5\n" LOOK
		   "ffffffffffffffff 0000\n7f0000000000+8 ff\n"
		   "7f0000000000 0000000000000000\n7f0000000008 0200200000000000");
	assert_string_equal(read_tree(), "2048K 2048K ~malloc?, 1024K 1024K seen");
}

#define GUARD  "7effffff0000-7f0000000000 ---p 00000000 00:00 0 \nSize: 64 kB\nRss: 0 kB\n"
#define LITTLE "Rss: 8 kB\nPss: 8 kB\nSwap: 0 kB\n"

TEST(a_stack_pointer_was_captured)
{
	write_tree(GUARD HEAD SIZE LITTLE, "sp 7f00002ff010\n");
	assert_string_equal(read_tree(), "64K 0K unseen, 3072K 8K ~thread stack");
	write_tree(GUARD HEAD SIZE LITTLE, "sp 7f0000300000\n");
	assert_string_equal(read_tree(), "64K 0K unseen, 3072K 8K unseen");
	write_tree(GUARD HEAD SIZE LITTLE, "sp \nsp 7f00002ff010x\nsp zz\nspx\n");
	assert_string_equal(read_tree(), "64K 0K unseen, 3072K 8K unseen");
	write_tree(HEAD SIZE LITTLE, "sp 7f00002ff010\n");
	assert_string_equal(read_tree(), "3072K 8K unseen");
	write_tree(HEAD SIZE LITTLE, "sp 7f00002ff010\n" LOOK);
	assert_string_equal(read_tree(), "3072K 8K seen");
}

/* A folder with the two files of a running process. */

enum { PAGE = 4096 };

static struct io io;
static struct process_memory process;
static struct mapped_files *files;
static struct live_memory live;

static void write_at(const char *name, const void *bytes, size_t size, uint64_t offset)
{
	char *path = tree_path(root, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, (off_t)offset), size);
	close(fd);
	free(path);
}

static void put_page(uint64_t at, uint64_t entry)
{
	static const char page[PAGE] = "page";

	write_at("7/pagemap", &entry, sizeof(entry), at / PAGE * sizeof(entry));
	write_at("7/mem", page, PAGE, at);
}

static struct memory *begin_live(struct procdir *dir, uint64_t start, uint64_t end)
{
	const struct mapping m = {.start = start, .end = end};

	*dir = (struct procdir){.fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				.prefix = "7/"};
	assert_true(dir->fd >= 0);
	files = mapped_files_new(&io);
	assert_non_null(files);
	mapped_files_begin(files, dir);
	process_memory_begin(&process, &io, dir);
	assert_true(process_memory_open(&process));
	live_memory_init(&live, files);
	live_memory_begin(&live, &process);
	assert_true(live_memory_mapping(&live, &m));
	return &live.memory;
}

static void end_live(struct procdir *dir)
{
	process_memory_end(&process);
	mapped_files_free(files);
	close(dir->fd);
}

TEST(only_pages_that_are_there_are_read)
{
	struct procdir dir;
	struct memory *m;
	char bytes[4];

	tree_mkdir(root, "7");
	put_page(0x20000, PAGE_PRESENT);
	put_page(0x21000, PAGE_SWAPPED);
	put_page(0x22000, 0);
	put_page(0x23000, PAGE_PRESENT);
	m = begin_live(&dir, 0x1f000, 0x24000);
	assert_true(memory_read(m, 0x20000, bytes, 4));
	assert_memory_equal(bytes, "page", 4);
	assert_false(memory_read(m, 0x21000, bytes, 4));
	assert_false(memory_read(m, 0x22000, bytes, 4));
	assert_false(memory_read(m, 0x20ffe, bytes, 4));
	assert_false(memory_read(m, UINT64_MAX - 1, bytes, 4));
	assert_int_equal(memory_next(m, 0x1f000, 0x24000), 0x20000);
	assert_int_equal(memory_next(m, 0x20010, 0x24000), 0x20010);
	assert_int_equal(memory_next(m, 0x21000, 0x24000), 0x23000);
	assert_int_equal(memory_next(m, 0x21000, 0x23000), 0x23000);
	end_live(&dir);
}

/* The second read is not of the file, nor is pagemap asked about a mapping that smaps says is all
 * there. */
TEST(what_is_known_is_not_asked_again)
{
	const struct mapping all = {
		.start = 0x21000, .end = 0x22000, .counters.bytes[COUNTER_RSS] = PAGE};
	struct procdir dir;
	struct memory *m;
	char bytes[4];

	tree_mkdir(root, "7");
	put_page(0x20000, PAGE_PRESENT);
	put_page(0x21000, 0);
	m = begin_live(&dir, 0x20000, 0x22000);
	assert_true(memory_read(m, 0x20000, bytes, 4));
	write_at("7/mem", "next", 4, 0x20000);
	assert_true(memory_read(m, 0x20000, bytes, 4));
	assert_memory_equal(bytes, "page", 4);
	assert_false(memory_read(m, 0x21000, bytes, 4));
	assert_true(live_memory_mapping(&live, &all));
	assert_true(memory_read(m, 0x21000, bytes, 4));
	live_memory_begin(&live, &process);
	assert_true(live_memory_mapping(&live, &all));
	assert_true(memory_read(m, 0x20000, bytes, 4));
	assert_memory_equal(bytes, "next", 4);
	end_live(&dir);
}

/* A walk from head to head takes no whole pages; who reads on takes the page. */
TEST(the_head_of_a_page_is_read_before_the_rest)
{
	struct procdir dir;
	struct memory *m;
	char bytes[4];

	tree_mkdir(root, "7");
	put_page(0x20000, PAGE_PRESENT);
	m = begin_live(&dir, 0x20000, 0x21000);
	assert_true(memory_read(m, 0x20000, bytes, 4));
	write_at("7/mem", "next", 4, 0x20000);
	write_at("7/mem", "rest", 4, 0x20800);
	assert_true(memory_read(m, 0x20000, bytes, 4));
	assert_memory_equal(bytes, "page", 4);
	assert_true(memory_read(m, 0x20800, bytes, 4));
	assert_memory_equal(bytes, "rest", 4);
	assert_true(memory_read(m, 0x20000, bytes, 4));
	assert_memory_equal(bytes, "next", 4);
	end_live(&dir);
}

/* As long as the same mapping is looked at. */
TEST(pages_elsewhere_are_asked_for_together)
{
	const struct mapping next = {.start = 0x21000, .end = 0x22000};
	struct procdir dir;
	struct memory *m;
	char bytes[4];

	tree_mkdir(root, "7");
	put_page(0x20000, PAGE_PRESENT);
	put_page(0x30000, 0);
	put_page(0x3f000, PAGE_PRESENT);
	m = begin_live(&dir, 0x21000, 0x22000);
	assert_true(memory_read(m, 0x20000, bytes, 4));
	put_page(0x30000, PAGE_PRESENT);
	assert_false(memory_read(m, 0x30000, bytes, 4));
	assert_true(memory_read(m, 0x3f000, bytes, 4));
	assert_true(live_memory_mapping(&live, &next));
	assert_true(memory_read(m, 0x30000, bytes, 4));
	end_live(&dir);
}

TEST(a_second_look_asks_for_all_of_a_mapping)
{
	enum { PAGES = 1024, START = 0x100000, LAST = START + (PAGES - 1) * PAGE };
	const struct mapping whole = {
		.start = START, .end = LAST + PAGE, .counters.bytes[COUNTER_RSS] = 2 * PAGE};
	struct part parts[] = {{.start = START, .end = LAST}, {.start = LAST, .end = LAST + PAGE}};
	struct procdir dir;
	struct memory *m;

	tree_mkdir(root, "7");
	put_page(START, PAGE_PRESENT);
	put_page(LAST, PAGE_PRESENT);
	m = begin_live(&dir, START, LAST + PAGE);
	assert_int_equal(memory_next(m, START, LAST), START);
	assert_false(live_memory_count(&live, &whole, parts, 2));
	assert_int_equal(memory_next(m, LAST, LAST + PAGE), LAST);
	assert_true(live_memory_count(&live, &whole, parts, 2));
	assert_int_equal(parts[1].resident, PAGE);
	end_live(&dir);
}

TEST(pages_are_counted_as_far_as_they_are_known)
{
	struct mapping whole = {
		.start = 0x20000, .end = 0x24000, .counters.bytes[COUNTER_RSS] = 2 * PAGE};
	struct part parts[] = {{.start = 0x20000, .end = 0x21000},
			       {.start = 0x21000, .end = 0x24000}};
	struct procdir dir;
	struct memory *m;

	tree_mkdir(root, "7");
	put_page(0x20000, PAGE_PRESENT);
	put_page(0x21000, 0);
	put_page(0x22000, 0);
	put_page(0x23000, PAGE_PRESENT);
	m = begin_live(&dir, 0x20000, 0x24000);
	assert_false(live_memory_count(&live, &whole, parts, 2));
	assert_int_equal(memory_next(m, 0x21000, 0x24000), 0x23000);
	assert_false(live_memory_count(&live, &whole, parts, 2));
	assert_int_equal(memory_next(m, 0x20000, 0x24000), 0x20000);
	assert_true(live_memory_count(&live, &whole, parts, 2));
	assert_int_equal(parts[0].resident, PAGE);
	assert_int_equal(parts[1].exclusive, PAGE);
	parts[0].resident = parts[1].resident = 0;
	whole.counters.bytes[COUNTER_RSS] = 3 * PAGE;
	assert_false(live_memory_count(&live, &whole, parts, 2));
	assert_int_equal(parts[0].resident, 0);
	end_live(&dir);
}

/* Parts of a mapping may be remembered, so that it is not examined again. */
TEST(nothing_is_known_of_the_pages_of_another_mapping)
{
	const struct mapping other = {
		.start = 0x10000, .end = 0x14000, .counters.bytes[COUNTER_RSS] = 2 * PAGE};
	struct part parts[] = {{.start = 0x10000, .end = 0x11000},
			       {.start = 0x11000, .end = 0x14000}};
	struct procdir dir;
	struct memory *m;

	tree_mkdir(root, "7");
	put_page(0x20000, PAGE_PRESENT);
	put_page(0x21000, PAGE_PRESENT);
	m = begin_live(&dir, 0x20000, 0x22000);
	assert_int_equal(memory_next(m, 0x21000, 0x22000), 0x21000);
	assert_int_equal(memory_next(m, 0x20000, 0x22000), 0x20000);
	assert_false(live_memory_count(&live, &other, parts, 2));
	assert_int_equal(parts[0].resident, 0);
	end_live(&dir);
}

TEST(what_is_read_of_a_mapping_is_bounded)
{
	const struct mapping next = {.start = 0x20000, .end = 0x21000};
	static char bytes[PAGE];
	struct procdir dir;
	struct memory *m;
	unsigned reads = 0;

	tree_mkdir(root, "7");
	put_page(0x20000, PAGE_PRESENT);
	write_at("7/mem", bytes, PAGE, 0x20000);
	m = begin_live(&dir, 0x20000, 0x21000);
	while (memory_read(m, 0x20000, bytes, PAGE))
		assert_true(++reads <= 128);
	assert_false(memory_read(m, 0x20000, bytes, 1));
	assert_true(live_memory_mapping(&live, &next));
	assert_true(memory_read(m, 0x20000, bytes, 1));
	for (reads = 0; live_memory_mapping(&live, &next); reads++) {
		while (memory_read(m, 0x20000, bytes, 16))
			;
		assert_true(reads < 100);
	}
	end_live(&dir);
}

TEST(objects_are_found_by_their_files)
{
	static const char maps[] =
		"00400000-00401000 r--p 00000000 08:01 11 /bin/it\n"
		"00401000-00402000 r-xp 00001000 08:01 11 /bin/it\n"
		"7f0000000000-7f0000001000 r--p 00000000 08:01 12 /lib/data\n"
		"7f0000002000-7f0000003000 r--p 00000000 08:01 13 /lib/libx.so.1\n"
		"7f0000003000-7f0000004000 r-xp 00001000 08:01 13 /lib/libx.so.1\n";
	struct memory_object object;
	struct procdir dir;
	struct memory *m;
	char bytes[4];

	tree_write(root, "7/maps", slice_of(maps));
	tree_write(root, "7/exe", SLICE("\177ELF"));
	put_page(0x20000, PAGE_PRESENT);
	m = begin_live(&dir, 0x20000, 0x21000);
	assert_true(memory_find(m, SLICE("libx.so"), &object));
	assert_int_equal(object.start, 0x7f0000002000);
	assert_false(memory_read_file(m, &object, 0, bytes, 4));
	assert_false(memory_find(m, SLICE("data"), &object));
	assert_true(memory_find(m, SLICE(""), &object));
	assert_int_equal(object.start, 0x400000);
	assert_true(memory_read_file(m, &object, 0, bytes, 4));
	assert_memory_equal(bytes, "\177ELF", 4);
	assert_false(memory_read_file(m, &object, 1, bytes, 4));
	end_live(&dir);
}

int main(void)
{
#define IN_TREE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_TREE(without_content_nothing_is_known),
		IN_TREE(what_was_not_looked_at_is_unknown),
		IN_TREE(a_mapping_is_divided),
		IN_TREE(it_is_whole_where_its_pages_are_not_known),
		IN_TREE(its_pages_may_have_been_counted),
		IN_TREE(little_memory_is_not_looked_at),
		IN_TREE(memory_under_userfaultfd_is_not_looked_at),
		IN_TREE(what_has_a_name_or_a_file_is_not_looked_at),
		IN_TREE(other_lines_mean_nothing),
		IN_TREE(a_mapping_is_looked_at_once),
		IN_TREE(a_stack_pointer_was_captured),
		IN_TREE(only_pages_that_are_there_are_read),
		IN_TREE(what_is_known_is_not_asked_again),
		IN_TREE(the_head_of_a_page_is_read_before_the_rest),
		IN_TREE(pages_elsewhere_are_asked_for_together),
		IN_TREE(a_second_look_asks_for_all_of_a_mapping),
		IN_TREE(pages_are_counted_as_far_as_they_are_known),
		IN_TREE(nothing_is_known_of_the_pages_of_another_mapping),
		IN_TREE(what_is_read_of_a_mapping_is_bounded),
		IN_TREE(objects_are_found_by_their_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
