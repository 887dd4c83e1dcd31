/* kept_names: names that a process keeps itself, read from a tree whose `mem` and `pagemap` are
 * made by the test, so that they can be anything. */
#include "support.h"

#include "label/lock.h"
#include "label/table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PAGE = 4096, AT = 0x10000000 };
#define TABLE_END ((AT + sizeof(struct layout) + PAGE - 1) / PAGE * PAGE)
#define PRESENT	  (UINT64_C(1) << 63)
#define EXCLUSIVE (UINT64_C(1) << 56)

static char *root;
static struct recorder recorder;
static struct layout *table;

static int set_up(void **state)
{
	(void)state;
	root = tree_make();
	tree_mkdir(root, "7");
	recorder_init(&recorder, root);
	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (table == MAP_FAILED)
		return -1;
	table_init(table);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	recorder_free(&recorder);
	tree_remove(root);
	return munmap(table, sizeof(*table));
}

static void name(uint64_t start, uint64_t end, uint32_t inode, const char *text)
{
	char copy[ANONMEM_NAME_MAX + 1] = "";

	memcpy(copy, text, strlen(text));
	assert_true(table_set(table, start, end, inode, copy));
}

static void write_at(const char *file, const void *bytes, size_t size, uint64_t offset)
{
	char *path = tree_path(root, file);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, (off_t)offset), size);
	close(fd);
	free(path);
}

/* Sets pages of the process. */
static void map_pages(uint64_t start, uint64_t end, uint64_t entry)
{
	for (uint64_t at = start / PAGE; at < end / PAGE; at++)
		write_at("7/pagemap", &entry, sizeof(entry), at * sizeof(entry));
}

#define FIELDS			  "\nSize: 16 kB\nRss: 16 kB\nPss: 12 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 8 kB\n"
#define ENTRY(range, where, name) range " rw-p 00000000 " where " " name FIELDS

/* Writes smaps of process 7: `below` the table, the table, `above` it. */
static void write_smaps(const char *below, const char *above)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct stat st;
	char *text;

	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	assert_true(asprintf(&text, "%s%x-%lx rw-p 00000000 %02x:%02x 5 " LAYOUT_SHOWN FIELDS "%s",
			     below, AT, (unsigned long)TABLE_END, major(st.st_dev),
			     minor(st.st_dev), above) > 0);
	tree_write(root, "7/smaps", slice_of(text));
	free(text);
}

static void write_table(void)
{
	write_at("7/mem", table, sizeof(*table), AT);
	map_pages(AT, TABLE_END, PRESENT);
}

static const char *calls(void)
{
	struct error e = {.code = ERROR_NONE};
	struct source *s = source_open_proc(root, NULL, 0, &e);
	struct reading how = {.needs = 0};
	struct target_list list;
	struct reader *r;

	assert_non_null(s);
	assert_int_equal(source_targets(s, &list, &e), 0);
	r = reader_new(s, &how, &recorder.sink);
	assert_non_null(r);
	assert_int_equal(reader_read(r, list.targets[0], &e), 0);
	reader_free(r);
	free(list.targets);
	source_close(s);
	return recorder_text(&recorder);
}

#define TABLE_CALL "mapping 10000000 " LAYOUT_SHOWN "\n"

TEST(a_mapping_with_several_names)
{
	name(0x20001000, 0x20002000, 0, "one");
	name(0x20002000, 0x20008000, 0, " two ");
	name(0x30000000, 0x30001000, 0, "nobody's");
	write_table();
	write_smaps("", ENTRY("20000000-20004000", "00:00", "0"));
	map_pages(0x20000000, 0x20002000, PRESENT | EXCLUSIVE);
	map_pages(0x20002000, 0x20004000, PRESENT);
	tree_write(root, "7/stat", SLICE(""));
	assert_string_equal(calls(), "begin pid=7\n" TABLE_CALL "mapping 20000000 \n"
				     "mapping 20001000 [anon:one]\n"
				     "mapping 20002000 [anon: two ]\nend read\n");
	assert_int_equal(recorder.how, HOW_BIT(HOW_NAMES_KEPT));
}

/* A name applies only to the memory that it was given to. */
TEST(other_memory)
{
	name(0x20000000, 0x20004000, 0, "private");
	name(0x20004000, 0x20008000, 77, "shared");
	name(0x20008000, 0x2000c000, 78, "another's");
	name(0x2000c000, 0x20010000, 0, "special");
	write_table();
	write_smaps("", ENTRY("20000000-20004000", "00:01", "77 /memfd:x (deleted)")
				ENTRY("20004000-20008000", "00:01", "77 /memfd:x (deleted)")
					ENTRY("20008000-2000c000", "00:01", "77 /memfd:x (deleted)")
						ENTRY("2000c000-20010000", "00:00", "0 [heap]"));
	assert_string_equal(calls(),
			    "begin pid=7\n" TABLE_CALL "mapping 20000000 /memfd:x (deleted)\n"
			    "mapping 20004000 [anon_shmem:shared]\n"
			    "mapping 20008000 /memfd:x (deleted)\n"
			    "mapping 2000c000 [heap]\nend read\n");
}

/* Shared memory of which its process did not find out which it is. */
TEST(shared_memory)
{
	name(0x20000000, 0x20010000, LAYOUT_ANY_INODE, "shared");
	write_table();
	write_smaps("", "20000000-20004000 rw-s 00000000 00:01 77 /dev/zero (deleted)" FIELDS
			"20004000-20008000 rw-s 00000000 00:01 78 /memfd:x (deleted)" FIELDS
			"20008000-2000c000 rw-p 00000000 00:00 0" FIELDS);
	assert_string_equal(calls(),
			    "begin pid=7\n" TABLE_CALL "mapping 20000000 [anon_shmem:shared]\n"
			    "mapping 20004000 /memfd:x (deleted)\n"
			    "mapping 20008000 \nend read\n");
}

/* The table of before, which had no room for changes that wait. */
TEST(the_version_before)
{
	table->head.magic = LAYOUT_MAGIC_BEFORE;
	table->head.size = LAYOUT_SIZE_BEFORE;
	name(0x20000000, 0x20004000, 0, "old");
	write_table();
	write_smaps("", ENTRY("20000000-20004000", "00:00", "0"));
	assert_string_equal(calls(),
			    "begin pid=7\n" TABLE_CALL "mapping 20000000 [anon:old]\nend read\n");
}

/* What lies between its parts is not the table's, unless it has grown so far. */
TEST(a_table_in_parts)
{
	table->head.block_room = 2;
	table->head.name_room = LAYOUT_NAMES;
	name(0x20000000, 0x20004000, 0, "far");
	write_table();
	write_smaps("", ENTRY("10002000-10003000", "00:00", "0")
				ENTRY("10003000-10007000", "00:00", "0")
					ENTRY("20000000-20004000", "00:00", "0"));
	/* The head is a page, so the second block ends at 10003000. */
	assert_string_equal(calls(),
			    "begin pid=7\n" TABLE_CALL "mapping 10002000 [anon:anonmem-names]\n"
			    "mapping 10003000 \n"
			    "mapping 20000000 [anon:far]\nend read\n");
}

TEST(memory_below_the_table_is_read_again)
{
	name(0x1000000, 0x1004000, 0, "low");
	write_table();
	write_smaps(ENTRY("1000000-1004000", "00:00", "0"), "");
	assert_string_equal(calls(),
			    "begin pid=7\nmapping 1000000 \n" TABLE_CALL "cancel\n"
			    "begin pid=7\nmapping 1000000 [anon:low]\n" TABLE_CALL "end read\n");
}

/* An inconsistent table gives no names, and does no harm. */
static void check_lost(void)
{
	write_table();
	write_smaps("", ENTRY("20000000-20004000", "00:00", "0"));
	assert_string_equal(calls(), "begin pid=7\n" TABLE_CALL "mapping 20000000 \nend read\n");
	assert_int_equal(recorder.how, HOW_BIT(HOW_NAMES_LOST));
}

static struct layout_block *first_block(void)
{
	name(0x20000000, 0x20001000, 0, "one");
	name(0x20002000, 0x20003000, 0, "two");
	return &table->blocks[table->head.order[0]];
}

TEST(a_table_given_up)
{
	table->head.lock = LOCK_GIVEN_UP | 1;
	first_block();
	check_lost();
}

TEST(wrong_magic)
{
	table->head.magic++;
	check_lost();
}

TEST(another_size)
{
	table->head.size++;
	check_lost();
}

TEST(too_many_blocks)
{
	table->head.blocks = LAYOUT_BLOCKS + 1;
	check_lost();
}

TEST(too_many_names)
{
	table->head.names = LAYOUT_NAMES + 1;
	check_lost();
}

TEST(no_such_block)
{
	first_block();
	table->head.order[0] = UINT16_MAX;
	check_lost();
}

TEST(a_block_twice)
{
	first_block();
	table->head.order[1] = table->head.order[0];
	table->head.blocks = 2;
	check_lost();
}

TEST(too_many_ranges)
{
	first_block()->count = LAYOUT_RANGES + 1;
	check_lost();
}

TEST(always_changing)
{
	first_block()->changes++;
	check_lost();
}

TEST(the_order_always_changing)
{
	first_block();
	table->head.changes++;
	check_lost();
}

TEST(ranges_that_overlap)
{
	first_block()->ranges[0].end = 0x20002001;
	check_lost();
}

TEST(a_range_backwards)
{
	first_block()->ranges[0].end = 0x1fffffff;
	check_lost();
}

TEST(a_name_without_end)
{
	first_block();
	memset(table->names[0].text, 'x', sizeof(table->names[0].text));
	check_lost();
}

TEST(a_name_that_is_none)
{
	first_block();
	table->names[0].text[1] = '\033';
	check_lost();
}

TEST(no_memory_to_read)
{
	first_block();
	write_smaps("", ENTRY("20000000-20004000", "00:00", "0"));
	assert_string_equal(calls(), "begin pid=7\n" TABLE_CALL "mapping 20000000 \nend read\n");
	assert_int_equal(recorder.how, HOW_BIT(HOW_NAMES_LOST));
}

/* Missing pages are not waited for. */
TEST(a_table_without_its_pages)
{
	first_block();
	write_at("7/mem", table, sizeof(*table), AT);
	map_pages(AT, TABLE_END, 0);
	write_smaps("", ENTRY("20000000-20004000", "00:00", "0"));
	assert_string_equal(calls(), "begin pid=7\n" TABLE_CALL "mapping 20000000 \nend read\n");
	assert_int_equal(recorder.how, HOW_BIT(HOW_NAMES_LOST));
}

/* A name that was dropped during the reading. */
TEST(another_generation)
{
	first_block();
	table->names[0].generation++;
	write_table();
	write_smaps("", ENTRY("20000000-20001000", "00:00", "0")
				ENTRY("20002000-20003000", "00:00", "0"));
	assert_string_equal(calls(), "begin pid=7\n" TABLE_CALL "mapping 20000000 \n"
				     "mapping 20002000 [anon:two]\nend read\n");
}

TEST(random_bytes)
{
	uint64_t seed = 1;

	for (int round = 0; round < 60; round++) {
		recorder_free(&recorder);
		recorder_init(&recorder, root);
		for (uint64_t i = 0; i < 300; i++)
			name((0x20000 + i) * PAGE, (0x20001 + i) * PAGE, 0, i % 2 ? "a" : "b");
		for (int i = 0; i < 3; i++) {
			size_t reach = round % 2 ? PAGE : 4 * PAGE;

			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			((unsigned char *)table)[(seed >> 33) % reach] ^=
				(unsigned char)(1 << (seed >> 60) % 8);
		}
		write_at("7/mem", table, 8 * PAGE, AT);
		if (round == 0) {
			write_table();
			write_smaps("", ENTRY("20000000-20004000", "00:00", "0"));
		}
		assert_contains(calls(), "end read");
		memset(table, 0, sizeof(*table));
		table_init(table);
	}
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(a_mapping_with_several_names),
		A_TEST(other_memory),
		A_TEST(shared_memory),
		A_TEST(the_version_before),
		A_TEST(a_table_in_parts),
		A_TEST(memory_below_the_table_is_read_again),
		A_TEST(wrong_magic),
		A_TEST(another_size),
		A_TEST(too_many_blocks),
		A_TEST(too_many_names),
		A_TEST(no_such_block),
		A_TEST(a_block_twice),
		A_TEST(too_many_ranges),
		A_TEST(always_changing),
		A_TEST(the_order_always_changing),
		A_TEST(ranges_that_overlap),
		A_TEST(a_range_backwards),
		A_TEST(a_name_without_end),
		A_TEST(a_name_that_is_none),
		A_TEST(no_memory_to_read),
		A_TEST(a_table_without_its_pages),
		A_TEST(another_generation),
		A_TEST(a_table_given_up),
		A_TEST(random_bytes),
	};

	return RUN(tests);
}
