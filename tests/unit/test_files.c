/* files: smaps files into a sink, in the order defined by source.h. */
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

/* A name that looks like a process number in another file. */
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
		     "end vanished: cannot open ROOT/gone: No such file or directory\n");
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
		     "end denied: cannot open ROOT/a: Permission denied\n");
	free(path);
}

TEST(no_smaps_at_all)
{
	tree_write(root, "a", SLICE("Hello\n"));
	read_one("a");
	assert_calls("begin name=ROOT/a\nend malformed: ROOT/a: line 1, byte 0: not smaps; give "
		     "what is in "
		     "/proc/PID/smaps\n");
}

/* An exact repetition, as old kernels print for the last mapping. */
TEST(a_mapping_that_is_there_twice)
{
	tree_write(root, "a", SLICE(ONE TWO TWO ONE));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 /x\nmapping 3000 [heap]\nend read\n"
		     "begin name=ROOT/a#2\nmapping 1000 /x\nend read\n");
}

#define AT(range, name) SMAPS_SMALL(range, name)

/* What follows the stack may belong to this process or the next; a second stack tells. */
TEST(a_process_above_another)
{
	tree_write(root, "a",
		   SLICE(AT("1000-2000", "low") AT("8000-9000", "[stack]")
				 AT("9000-a000", "[vectors]") AT("10000-20000", "high")
					 AT("30000-40000", "[vdso]") AT("40000-50000", "lib")
						 AT("80000-90000", "[stack]")));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 low\nmapping 8000 [stack]\nmapping 9000 "
		     "[vectors]\nend read\n"
		     "begin name=ROOT/a#2\nmapping 10000 high\nmapping 30000 [vdso]\nmapping 40000 "
		     "lib\nmapping 80000 [stack]\nend read\n");
}

TEST(mappings_above_the_stack)
{
	tree_write(root, "a",
		   SLICE(AT("1000-2000", "x") AT("2000-3000", "[vdso]") AT("3000-4000", "lib")
				 AT("8000-9000", "[stack]") AT("9000-a000", "[stack]")
					 AT("b000-c000", "above")));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 x\nmapping 2000 [vdso]\nmapping 3000 lib\n"
		     "mapping 8000 [stack]\nmapping 9000 [stack]\nmapping b000 above\nend read\n");
}

TEST(processes_behind_headers)
{
	tree_write(root, "a",
		   SLICE("==> /proc/7/smaps <==\n" ONE TWO
			 "\n==> /proc/2/smaps <==\n\n==> /proc/8/smaps <==\n#Name: b\n#Pid: "
			 "8\n" THREE));
	read_one("a");
	assert_calls("begin pid=7 name=ROOT/a\nmapping 1000 /x\nmapping 3000 [heap]\nend read\n"
		     "begin pid=2 name=ROOT/a#2\nend no_memory\n"
		     "begin pid=8 name=b\nmapping 5000 [stack]\nend read\n");
}

TEST(processes_that_could_not_be_captured)
{
	tree_write(root, "a",
		   SLICE("cat: /proc/6/smaps: Permission denied\n" ONE THREE
			 "cat: /proc/7/smaps: No such process\n" THREE
			 "cat: /proc/8/smaps: Permission denied\n"));
	read_one("a");
	assert_calls("begin pid=6 name=ROOT/a\nend denied\n"
		     "begin name=ROOT/a#2\nmapping 1000 /x\nmapping 5000 [stack]\nend read\n"
		     "begin pid=7 name=ROOT/a#3\nend vanished\n"
		     "begin name=ROOT/a#4\nmapping 5000 [stack]\nend read\n"
		     "begin pid=8 name=ROOT/a#5\nend denied\n");
}

/* Neither got as far as its stack. */
TEST(a_process_that_ended_meanwhile)
{
	tree_write(root, "a", SLICE(ONE TWO "cat: /proc/7/smaps: No such process\n" ONE THREE));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 /x\nmapping 3000 [heap]\nend vanished\n"
		     "begin name=ROOT/a#2\nmapping 1000 /x\nmapping 5000 [stack]\nend read\n");
}

TEST(a_process_captured_twice)
{
	tree_write(root, "a", SLICE("7\n" ONE "/proc/self\n" ONE "7\n" ONE TWO "/proc/8\n" TWO));
	read_one("a");
	assert_calls("begin pid=7 name=ROOT/a\nmapping 1000 /x\nend read\n"
		     "begin pid=7 name=ROOT/a#2\nend malformed: ROOT/a: line 11: process 7 was "
		     "captured twice; give each capture a file of its own\n"
		     "begin pid=8 name=ROOT/a#3\nmapping 3000 [heap]\nend read\n");
}

/* The processes before the broken one are complete. */
TEST(broken_in_the_second_process)
{
	tree_write(root, "a", SLICE(ONE TWO ONE TWO "?\n"));
	read_one("a");
	assert_calls("begin name=ROOT/a\nmapping 1000 /x\nmapping 3000 [heap]\nend read\n"
		     "begin name=ROOT/a#2\nmapping 1000 /x\nend malformed: ROOT/a: line 17, byte "
		     "272: neither a mapping, a field nor the header of a process\n");
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
	/* It must stay open, since it is not ours. */
	assert_int_equal(lseek(STDIN_FILENO, 0, SEEK_SET), 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	assert_calls("begin name=-\nmapping 1000 /x\nend malformed: standard input: line 9, byte "
		     "136: neither a mapping, a field nor the header of a process\n");
	free(path);
}

/* An error that is not the file's fault ends the reading. */
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
		FILE_TEST(a_mapping_that_is_there_twice),
		FILE_TEST(a_process_above_another),
		FILE_TEST(mappings_above_the_stack),
		FILE_TEST(processes_behind_headers),
		FILE_TEST(processes_that_could_not_be_captured),
		FILE_TEST(a_process_that_ended_meanwhile),
		FILE_TEST(a_process_captured_twice),
		FILE_TEST(broken_in_the_second_process),
		FILE_TEST(cut_short),
		FILE_TEST(one_bad_file_does_not_stop_the_next),
		FILE_TEST(standard_input),
		FILE_TEST(an_error_of_the_sink),
		FILE_TEST(no_descriptors_left),
	};

	return RUN(tests);
}
