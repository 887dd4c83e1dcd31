/* machine: what the files of a tree tell about the system. */
#include "support.h"

#include "source/machine.h"

#include <sys/resource.h>
#include <unistd.h>

static char *root;

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

static struct machine read_tree(void)
{
	struct error e;
	struct source *s = source_open_proc(root, NULL, 0, &e);
	struct machine m;

	assert_non_null(s);
	machine_read(s, &m);
	source_close(s);
	return m;
}

TEST(nothing_is_known_of_an_empty_tree)
{
	struct machine m = read_tree();

	assert_false(m.time_known);
	assert_string_equal(m.host, "");
	assert_string_equal(m.kernel, "");
	assert_int_equal(m.page_size, 0);
	assert_int_equal(m.keeps_labels, ANSWER_UNKNOWN);
	assert_false(m.meminfo_known);
	for (int i = 0; i < MEMINFO_COUNT; i++)
		assert_false(m.meminfo.known[i]);
}

TEST(what_a_tree_says)
{
	struct machine m;

	tree_write(root, "sys/kernel/hostname", SLICE("box\n"));
	tree_write(root, "sys/kernel/osrelease", SLICE("6.12.1"));
	tree_write(root, "stat", SLICE("cpu 1 2\nbtime 1700000000\nprocesses 5\n"));
	tree_write(root, "uptime", SLICE("250.75 400.00\n"));
	tree_write(root, "meminfo", SLICE("MemTotal: 16 kB\nCached: 3 kB\nSwapTotal: 0 kB\n"));
	m = read_tree();
	assert_string_equal(m.host, "box");
	assert_string_equal(m.kernel, "6.12.1");
	assert_true(m.time_known);
	assert_int_equal(m.time.tv_sec, 1700000250);
	assert_int_equal(m.keeps_labels, ANSWER_UNKNOWN);
	assert_true(m.meminfo_known);
	assert_int_equal(m.meminfo.bytes[MEMINFO_TOTAL], 16 * 1024);
	assert_int_equal(m.meminfo.bytes[MEMINFO_CACHE], 3 * 1024);
	assert_true(m.meminfo.known[MEMINFO_SWAP]);
	assert_int_equal(m.meminfo.bytes[MEMINFO_SWAP], 0);
	assert_false(m.meminfo.known[MEMINFO_ANON_PAGES]);
}

TEST(half_a_time_is_none)
{
	tree_write(root, "uptime", SLICE("250.75 400.00\n"));
	assert_false(read_tree().time_known);
	tree_write(root, "stat", SLICE("btime 1700000000"));
	assert_true(read_tree().time_known);
	tree_write(root, "uptime", SLICE("x"));
	assert_false(read_tree().time_known);
}

/* On a large machine, the line of interrupts alone is longer than that. */
TEST(a_long_stat)
{
	static char text[200000];

	memset(text, '0', sizeof(text));
	memcpy(text, "intr ", 5);
	memcpy(text + sizeof(text) - 18, "\nbtime 1700000000\n", 18);
	tree_write(root, "stat", (struct slice){text, sizeof(text)});
	tree_write(root, "uptime", SLICE("250.75 400.00\n"));
	assert_true(read_tree().time_known);
}

/* A file that is endless, or a single endless line, is not read into memory as a whole. */
TEST(a_stat_that_is_none)
{
	enum { LARGE = 512 * 1024 * 1024 };
	char *path = tree_path(root, "stat");
	struct rusage before, after;

	tree_write(root, "stat", SLICE(""));
	tree_write(root, "uptime", SLICE("250.75 400.00\n"));
	assert_int_equal(truncate(path, LARGE), 0);
	getrusage(RUSAGE_SELF, &before);
	assert_false(read_tree().time_known);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < LARGE / 1024 / 4);
	free(path);
}

TEST(long_names_are_cut)
{
	char name[500];
	struct machine m;

	memset(name, 'n', sizeof(name));
	tree_write(root, "sys/kernel/hostname", (struct slice){name, sizeof(name)});
	m = read_tree();
	assert_int_equal(strlen(m.host), sizeof(m.host) - 1);
}

TEST(the_running_system)
{
	struct error e;
	struct source *s = source_open_proc(NULL, NULL, 0, &e);
	struct machine m;

	assert_non_null(s);
	assert_false(source_is_limited(s));
	machine_read(s, &m);
	source_close(s);
	assert_true(m.time_known);
	assert_true(m.kernel[0] != '\0');
	assert_true(m.page_size >= 4096);
	assert_int_not_equal(m.keeps_labels, ANSWER_UNKNOWN);
	assert_true(m.meminfo_known);
	assert_true(m.meminfo.bytes[MEMINFO_TOTAL] > 0);
}

TEST(nothing_is_known_of_files)
{
	struct error e;
	struct source *s = source_open_files(NULL, 0, &e);
	struct machine m;

	machine_read(s, &m);
	source_close(s);
	assert_false(m.time_known);
	assert_string_equal(m.kernel, "");
	assert_false(m.meminfo_known);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(nothing_is_known_of_an_empty_tree),
		TREE_TEST(what_a_tree_says),
		TREE_TEST(half_a_time_is_none),
		TREE_TEST(a_long_stat),
		TREE_TEST(a_stat_that_is_none),
		TREE_TEST(long_names_are_cut),
		TREE_TEST(the_running_system),
		TREE_TEST(nothing_is_known_of_files),
	};

	return RUN(tests);
}
