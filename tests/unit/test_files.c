/* files: smaps files into a sink, in the order that source.h promises. */
#include "support.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ONE   SMAPS_SMALL("1000-2000", "/x")
#define TWO   SMAPS_SMALL("3000-4000", "[heap]")
#define THREE SMAPS_SMALL("5000-6000", "[stack]")

static char *root;
static struct recorder recorder;

static int set_up(void **state)
{
	(void)state;
	root = tree_make();
	recorder_init(&recorder, root);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	recorder_free(&recorder);
	tree_remove(root);
	return 0;
}

static int read_paths(char *const *paths, size_t count, struct error *e)
{
	struct source *s = source_open_files(paths, count, e);
	int status;

	assert_non_null(s);
	assert_int_equal(source_kind(s), SOURCE_SMAPS);
	assert_true(source_is_limited(s));
	status = read_source(s, 0, &recorder, e);
	source_close(s);
	return status;
}

static void read_one(const char *name)
{
	char *path = tree_path(root, name);
	struct error e = {.code = ERROR_NONE};

	assert_int_equal(read_paths(&path, 1, &e), 0);
	free(path);
}

#define assert_calls(wanted) assert_string_equal(recorder_text(&recorder), (wanted))

TEST(one_process)
{
	tree_write(root, "a", SLICE(ONE TWO));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 /x\nmapping 3000 [heap]\nend read\n");
}

TEST(several_processes_in_one_file)
{
	tree_write(root, "a", SLICE(ONE TWO ONE TWO THREE ONE));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 /x\nmapping 3000 [heap]\nend read\n"
		     "begin name=ROOT/a#2\nmapping 1000 /x\nmapping 3000 [heap]\n"
		     "mapping 5000 [stack]\nend read\n"
		     "begin name=ROOT/a#3\nmapping 1000 /x\nend read\n");
}

TEST(neighbours_are_of_one_process)
{
	tree_write(root, "a",
		   SLICE(SMAPS_SMALL("1000-2000", "a") SMAPS_SMALL("2000-3000", "b")
				 SMAPS_SMALL("2fff-4000", "c")));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 a\nmapping 2000 b\nend read\n"
		     "begin name=ROOT/a#2\nmapping 2fff c\nend read\n");
}

TEST(several_files)
{
	char *paths[2];
	struct error e;

	tree_write(root, "a", SLICE(ONE));
	tree_write(root, "b", SLICE(TWO));
	paths[0] = tree_path(root, "b");
	paths[1] = tree_path(root, "a");
	assert_int_equal(read_paths(paths, 2, &e), 0);
	assert_calls("begin name=ROOT/b\nmapping 3000 [heap]\nend read\n"
		     "begin name=ROOT/a\nmapping 1000 /x\nend read\n");
	free(paths[0]);
	free(paths[1]);
}

TEST(a_file_given_twice)
{
	char *path = tree_path(root, "a"), *paths[] = {path, path};
	struct error e;

	tree_write(root, "a", SLICE(ONE));
	assert_int_equal(read_paths(paths, 2, &e), 0);
	assert_calls("begin name=ROOT/a\nmapping 1000 /x\nend read\n"
		     "begin name=ROOT/a (2)\nmapping 1000 /x\nend read\n");
	free(path);
}

/* A name that looks like the number of a process in another file. */
TEST(names_do_not_collide)
{
	char *paths[2];
	struct error e;
	const char *first, *second;

	tree_write(root, "a", SLICE(ONE ONE));
	tree_write(root, "a#2", SLICE(ONE));
	paths[0] = tree_path(root, "a");
	paths[1] = tree_path(root, "a#2");
	assert_int_equal(read_paths(paths, 2, &e), 0);
	first = strstr(recorder_text(&recorder), "name=ROOT/a#2\n");
	assert_non_null(first);
	second = strstr(first + 1, "name=ROOT/a#2\n");
	free(paths[0]);
	free(paths[1]);
	assert_null(second);
}

static bool only_second(unsigned n, const struct process *process)
{
	(void)process;
	return n == 1;
}

static bool none(unsigned n, const struct process *process)
{
	(void)n;
	(void)process;
	return false;
}

TEST(nothing_is_said_of_unwanted_ones)
{
	recorder.begin = only_second;
	tree_write(root, "a", SLICE(ONE TWO ONE TWO ONE));
	read_one("a");
	assert_calls("begin name=ROOT/a -> no\n"
		     "begin name=ROOT/a#2\nmapping 1000 /x\nmapping 3000 [heap]\nend read\n"
		     "begin name=ROOT/a#3 -> no\n");
}

TEST(nothing_is_said_of_an_unwanted_missing_one)
{
	recorder.begin = none;
	read_one("gone");
	assert_calls("begin name=ROOT/gone -> no\n");
}

TEST(a_missing_file)
{
	read_one("gone");
	assert_calls("begin name=ROOT/gone\n"
		     "end vanished: ROOT/gone: cannot open: No such file or directory\n");
}

TEST(an_empty_file)
{
	tree_write(root, "a", SLICE(""));
	read_one("a");
	assert_calls("begin name=ROOT/a\nend malformed: ROOT/a: is empty: the process had no "
		     "memory, or could not be read\n");
}

TEST(a_folder)
{
	tree_mkdir(root, "a");
	read_one("a");
	assert_calls("begin name=ROOT/a\nend malformed: ROOT/a: is a directory; read a captured "
		     "tree with --root\n");
}

TEST(a_denied_file)
{
	char *path = tree_path(root, "a");
	uid_t user = geteuid();

	tree_write(root, "a", SLICE(ONE));
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(seteuid(user ? user : 65534), 0);
	read_one("a");
	assert_int_equal(seteuid(user), 0);
	assert_calls("begin name=ROOT/a\n"
		     "end denied: ROOT/a: cannot open: Permission denied\n");
	free(path);
}

TEST(no_smaps_at_all)
{
	tree_write(root, "a", SLICE("Hello\n"));
	read_one("a");
	assert_calls("begin name=ROOT/a\nend malformed: ROOT/a: line 1, byte 0: not smaps\n");
}

/* The processes before the broken one were whole. */
TEST(broken_in_the_second_process)
{
	tree_write(root, "a", SLICE(ONE ONE TWO "?\n"));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 /x\nend read\n"
		     "begin name=ROOT/a#2\nmapping 1000 /x\nend malformed: ROOT/a: line 13, byte "
		     "202: neither a mapping nor a field\n");
}

TEST(cut_short)
{
	tree_write(root, "a", SLICE(ONE "3000-4000 rw-p 00000000 00:00 0 \nSize: 8 kB\nRss: "));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 /x\nend truncated: ROOT/a: line 7, byte 110: "
		     "the input ends inside a mapping\n");
}

TEST(one_bad_file_does_not_stop_the_next)
{
	char *paths[2];
	struct error e;

	tree_write(root, "b", SLICE(TWO));
	tree_write(root, "a", SLICE(ONE "x"));
	paths[0] = tree_path(root, "a");
	paths[1] = tree_path(root, "b");
	assert_int_equal(read_paths(paths, 2, &e), 0);
	assert_contains(recorder_text(&recorder),
			"begin name=ROOT/b\nmapping 3000 [heap]\nend read\n");
	free(paths[0]);
	free(paths[1]);
}

TEST(standard_input)
{
	char *path = tree_path(root, "a"), dash[] = "-", *paths[] = {dash};
	int saved = dup(STDIN_FILENO);
	struct error e;

	tree_write(root, "a", SLICE(ONE TWO "?\n"));
	assert_non_null(freopen(path, "r", stdin));
	assert_int_equal(read_paths(paths, 1, &e), 0);
	/* It stays open: it is not ours. */
	assert_int_equal(lseek(STDIN_FILENO, 0, SEEK_SET), 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	assert_calls("begin name=-\nmapping 1000 /x\nend malformed: standard input: line 9, byte "
		     "136: neither a mapping nor a field\n");
	free(path);
}

/* What is no fault of the file ends the reading. */
TEST(an_error_of_the_sink)
{
	static const enum error_code codes[] = {ERROR_MEMORY, ERROR_SYSTEM, ERROR_USAGE};

	tree_write(root, "a", SLICE(ONE TWO));
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		char *path = tree_path(root, "a");
		struct error e = {.code = ERROR_NONE};

		recorder.fail = codes[i];
		assert_int_equal(read_paths(&path, 1, &e), -1);
		assert_int_equal(e.code, codes[i]);
		assert_string_equal(e.text, "the sink says no");
		free(path);
	}
}

TEST(no_descriptors_left)
{
	char *path = tree_path(root, "a");
	struct rlimit old, few;
	struct error e = {.code = ERROR_NONE};
	int status;

	tree_write(root, "a", SLICE(ONE));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	status = read_paths(&path, 1, &e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	free(path);
	assert_int_equal(status, -1);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(one_process),
		FILE_TEST(several_processes_in_one_file),
		FILE_TEST(neighbours_are_of_one_process),
		FILE_TEST(several_files),
		FILE_TEST(a_file_given_twice),
		FILE_TEST(names_do_not_collide),
		FILE_TEST(nothing_is_said_of_unwanted_ones),
		FILE_TEST(nothing_is_said_of_an_unwanted_missing_one),
		FILE_TEST(a_missing_file),
		FILE_TEST(an_empty_file),
		FILE_TEST(a_folder),
		FILE_TEST(a_denied_file),
		FILE_TEST(no_smaps_at_all),
		FILE_TEST(broken_in_the_second_process),
		FILE_TEST(cut_short),
		FILE_TEST(one_bad_file_does_not_stop_the_next),
		FILE_TEST(standard_input),
		FILE_TEST(an_error_of_the_sink),
		FILE_TEST(no_descriptors_left),
	};

	return RUN(tests);
}
