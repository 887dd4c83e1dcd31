/* procfs: processes of trees and, as far as results are predictable, of the running system. */
#include "support.h"

#include "parse/process.h"

#include "source/copy.h"
#include "source/handle.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ONE	    SMAPS_SMALL("1000-2000", "/x")
#define TWO	    SMAPS_SMALL("3000-4000", "[heap]")
#define STAT	    "7 (a) b) S 1 2 3 0 -1 4194560 90 0 0 0 1 2 0 0 20 0 1 0 555 9 9\n"
#define STATUS	    "Name:\ta\nUid:\t1\t22\t3\t4\n"
#define ROLLUP(rss) "1000-4000 ---p 00000000 00:00 0    [rollup]\nRss: " rss " kB\nPss: 1 kB\n"

static char *root;
static struct recorder recorder;
static bool is_live; /* the tree passes for /proc */

static int set_up(void **state)
{
	(void)state;
	root = tree_make();
	is_live = false;
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

static int read_tree(unsigned needs, const pid_t *pids, size_t count, struct error *e)
{
	struct source *s = source_open_proc(root, pids, count, e);
	int status;

	assert_non_null(s);
	assert_int_equal(source_kind(s), SOURCE_TREE);
	assert_int_equal(source_is_limited(s), count > 0);
	s->is_live = is_live;
	status = read_source(s, needs, &recorder, e);
	source_close(s);
	return status;
}

static void read_all(unsigned needs)
{
	struct error e = {.code = ERROR_NONE};

	if (read_tree(needs, NULL, 0, &e) < 0) {
		print_error("%s\n", e.text);
		fail();
	}
}

static void read_pid(pid_t pid)
{
	struct error e = {.code = ERROR_NONE};

	assert_int_equal(read_tree(0, &pid, 1, &e), 0);
}

#define assert_calls(wanted) assert_string_equal(recorder_text(&recorder), (wanted))

TEST(pids_ascend_and_other_names_do_not_matter)
{
	tree_write(root, "100/smaps", SLICE(ONE));
	tree_write(root, "20/smaps", SLICE(TWO));
	tree_write(root, "self/smaps", SLICE(ONE));
	tree_write(root, "012/smaps", SLICE(ONE));
	tree_write(root, "3x/smaps", SLICE(ONE));
	tree_write(root, "99999999999/smaps", SLICE(ONE));
	tree_write(root, "-5/smaps", SLICE(ONE));
	tree_write(root, "meminfo", SLICE("MemTotal: 1 kB\n"));
	read_all(0);
	assert_calls("begin pid=20\nmapping 3000 [heap]\nend read\n"
		     "begin pid=100\nmapping 1000 /x\nend read\n");
}

TEST(who_it_is)
{
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/stat", SLICE(STAT));
	tree_write(root, "7/status", SLICE(STATUS));
	tree_write(root, "7/cgroup", SLICE("0::/a b\n"));
	tree_link(root, "7/exe", "/usr/bin/prog (deleted)");
	read_all(NEED_STAT | NEED_UID | NEED_CGROUP | NEED_EXE);
	assert_calls("begin pid=7 start=555 name=a) b uid=22 cgroup=/a b exe=/usr/bin/prog\n"
		     "mapping 1000 /x\nend read\n");
}

TEST(what_it_was_told_to_do)
{
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/stat", SLICE(STAT));
	tree_write(root, "7/cmdline", SLICE("prog\0--key=a\033b\0"));
	tree_write(root, "8/smaps", SLICE(ONE));
	tree_write(root, "8/stat", SLICE(STAT));
	tree_write(root, "8/cmdline", SLICE(""));
	tree_write(root, "9/smaps", SLICE(ONE));
	tree_write(root, "9/stat", SLICE(STAT));
	read_all(NEED_STAT | NEED_COMMAND);
	assert_calls("begin pid=7 start=555 name=a) b command=prog --key=a\\033b\n"
		     "mapping 1000 /x\nend read\n"
		     "begin pid=8 start=555 name=a) b command=[a) b]\n"
		     "mapping 1000 /x\nend read\n"
		     "begin pid=9 start=555 name=a) b\n"
		     "mapping 1000 /x\nend read\n");
}

/* Files that are not needed are not read. */
TEST(only_what_is_needed)
{
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/stat", SLICE(STAT));
	tree_write(root, "7/status", SLICE(STATUS));
	tree_write(root, "7/cmdline", SLICE("prog"));
	read_all(NEED_UID);
	assert_calls("begin pid=7 uid=22\nmapping 1000 /x\nend read\n");
}

TEST(what_is_missing_is_unknown)
{
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/stat", SLICE("7 (broken"));
	tree_write(root, "7/status", SLICE(""));
	read_all(NEED_STAT | NEED_UID | NEED_CGROUP | NEED_EXE | NEED_ROLLUP);
	assert_calls("begin pid=7\nmapping 1000 /x\nend read\n");
}

TEST(a_large_small_file)
{
	static char text[300000];

	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 9, "\n0::/end\n", 9);
	memcpy(text, "1:name=", 7);
	text[1000] = ':';
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/cgroup", (struct slice){text, sizeof(text)});
	read_all(NEED_CGROUP);
	assert_calls("begin pid=7 cgroup=/end\nmapping 1000 /x\nend read\n");
}

static bool nobody(unsigned n, const struct process *process)
{
	(void)n;
	(void)process;
	return false;
}

TEST(nothing_is_said_of_unwanted_ones)
{
	recorder.begin = nobody;
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_mkdir(root, "8");
	tree_write(root, "9/smaps", SLICE("?"));
	read_all(0);
	assert_calls("begin pid=7 -> no\nbegin pid=8 -> no\nbegin pid=9 -> no\n");
}

TEST(rollups_around)
{
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/smaps_rollup", SLICE(ROLLUP("4")));
	read_all(NEED_ROLLUP);
	assert_calls("begin pid=7\nmapping 1000 /x\nrollup 4096 4096\nend read\n");
}

TEST(a_rollup_that_is_none)
{
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/smaps_rollup", SLICE(ONE));
	tree_write(root, "8/smaps", SLICE(ONE));
	tree_write(root, "8/smaps_rollup", SLICE(""));
	read_all(NEED_ROLLUP);
	assert_calls("begin pid=7\nmapping 1000 /x\nend read\n"
		     "begin pid=8\nmapping 1000 /x\nend read\n");
}

static bool third_time(unsigned n)
{
	return n == 2;
}

static bool never(unsigned n)
{
	(void)n;
	return false;
}

TEST(a_rollup_that_differs_is_read_again)
{
	recorder.rollup = third_time;
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/smaps_rollup", SLICE(ROLLUP("8")));
	read_all(NEED_ROLLUP);
	assert_calls("begin pid=7\nmapping 1000 /x\nrollup 8192 8192 -> no\ncancel\n"
		     "begin pid=7\nmapping 1000 /x\nrollup 8192 8192 -> no\ncancel\n"
		     "begin pid=7\nmapping 1000 /x\nrollup 8192 8192\nend read\n");
}

TEST(but_not_for_ever)
{
	recorder.rollup = never;
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "7/smaps_rollup", SLICE(ROLLUP("8")));
	read_all(NEED_ROLLUP);
	assert_int_equal(recorder.begins, 3);
	assert_int_equal(recorder.rollups, 3);
	assert_contains(recorder_text(&recorder), "-> no\nend read\n");
}

TEST(no_memory)
{
	tree_write(root, "7/smaps", SLICE(""));
	read_all(0);
	assert_calls("begin pid=7\nend no_memory\n");
}

/* stat gives it an address space of 9 bytes. */
TEST(memory_that_was_not_read)
{
	tree_write(root, "7/smaps", SLICE(""));
	tree_write(root, "7/stat", SLICE(STAT));
	read_all(0);
	assert_calls("begin pid=7\ncancel\nbegin pid=7\ncancel\nbegin pid=7\n"
		     "end truncated: ROOT/7/smaps: its memory went away before it was read\n");
}

/* The memory is found in a thread that continues; the name is the process's. */
static void read_without_main_thread(struct slice stat)
{
	tree_write(root, "7/smaps", SLICE(""));
	tree_write(root, "7/stat", stat);
	tree_write(root, "7/task/7/statm", SLICE("0 0 0 0 0 0 0\n"));
	tree_write(root, "7/task/9/statm", SLICE("9 0 0 0 0 0 0\n"));
	tree_write(root, "7/task/9/stat", SLICE(STAT));
	tree_write(root, "7/task/9/status", SLICE(STATUS));
	tree_write(root, "7/task/9/smaps", SLICE(ONE));
	read_all(NEED_STAT | NEED_UID);
	assert_calls("begin pid=7 start=555 name=a) b uid=22\nmapping 1000 /x\nend read\n");
}

TEST(a_main_thread_that_has_ended)
{
	read_without_main_thread(
		SLICE("7 (a) b) Z 1 2 3 0 -1 4 90 0 0 0 1 2 0 0 20 0 3 0 555 0 0\n"));
}

/* Its memory is gone, but it is not a zombie yet. */
TEST(a_main_thread_that_is_about_to_end)
{
	read_without_main_thread(
		SLICE("7 (a) b) R 1 2 3 0 -1 4 90 0 0 0 1 2 0 0 20 0 3 0 555 0 0\n"));
}

/* A capture does not change: reading it again does not help, and the user is told. */
TEST(cut_short)
{
	tree_write(root, "7/smaps", SLICE(ONE "3000-4000 rw-p 00000000 00:00 0 \n"));
	read_all(0);
	assert_calls("begin pid=7\nmapping 1000 /x\ncancel\n"
		     "begin pid=7\nmapping 1000 /x\ncancel\n"
		     "begin pid=7\nmapping 1000 /x\n"
		     "end truncated: ROOT/7/smaps: line 6, byte 99: the input ends inside a "
		     "mapping\n");
}

TEST(malformed)
{
	tree_write(root, "7/smaps", SLICE(ONE "?\n"));
	tree_write(root, "8/smaps", SLICE(TWO));
	read_all(0);
	assert_calls("begin pid=7\n"
		     "end malformed: ROOT/7/smaps: line 5, byte 66: neither a mapping, a field nor "
		     "the header of a process\n"
		     "begin pid=8\nmapping 3000 [heap]\nend read\n");
}

/* The other files of the process show that smaps could not be read. */
TEST(denied_in_a_capture)
{
	tree_write(root, "7/stat", SLICE(STAT));
	read_all(0);
	/* The other files identify it in any case. */
	assert_calls("begin pid=7 start=555 name=a) b\nend denied\n");
	read_pid(7);
	assert_contains(recorder_text(&recorder), "end denied: ROOT/7: no smaps in this capture\n");
}

TEST(vanished_in_a_capture)
{
	tree_mkdir(root, "7");
	read_all(NEED_STAT);
	assert_calls("begin pid=7\nend vanished\n");
	read_pid(8);
	assert_contains(recorder_text(&recorder),
			"begin pid=8\nend vanished: ROOT/8: no such process in this "
			"capture\n");
}

TEST(denied_by_the_file_system)
{
	char *path = tree_path(root, "7/smaps");
	uid_t user = geteuid();

	tree_write(root, "7/smaps", SLICE(ONE));
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(seteuid(user ? user : 65534), 0);
	read_all(0);
	assert_int_equal(seteuid(user), 0);
	assert_calls("begin pid=7\nend denied\n");
	free(path);
}

/* One odd entry must not prevent reading the others. */
TEST(a_file_where_a_folder_should_be)
{
	tree_write(root, "7", SLICE("x"));
	tree_write(root, "8/smaps", SLICE(TWO));
	read_all(0);
	assert_contains(recorder_text(&recorder), "begin pid=8\nmapping 3000 [heap]\nend read\n");
	read_all(NEED_STAT);
}

TEST(a_folder_where_smaps_should_be)
{
	tree_mkdir(root, "7/smaps");
	read_all(0);
	assert_contains(recorder_text(&recorder), ": cannot read: Is a directory\n");
	assert_null(strstr(recorder_text(&recorder), "end read"));
}

/* Must not wait for a writer of a pipe. */
TEST(a_pipe_where_smaps_should_be)
{
	char *path = tree_path(root, "7/smaps");

	tree_mkdir(root, "7");
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(30);
	read_all(NEED_STAT | NEED_UID);
	alarm(0);
	assert_contains(recorder_text(&recorder),
			"end malformed: ROOT/7/smaps: is a device, a FIFO or a socket; replace it "
			"with a copy of the file\n");
	free(path);
}

/* A link may lead to another file of the tree, */
TEST(links_within_a_tree)
{
	tree_write(root, "7/smaps", SLICE(ONE));
	tree_link(root, "8", "7");
	tree_mkdir(root, "9");
	tree_link(root, "9/smaps", "../7/smaps");
	tree_link(root, "self", "7");
	read_all(NEED_STAT);
	assert_calls("begin pid=7\nmapping 1000 /x\nend read\n"
		     "begin pid=8\nmapping 1000 /x\nend read\n"
		     "begin pid=9\nmapping 1000 /x\nend read\n");
}

#define OUT "is a link that leads out of the tree; replace it with a copy of the file\n"

/* and nowhere else, whatever is there. */
TEST(links_out_of_a_tree)
{
	char *outside = tree_make(), *smaps = tree_path(outside, "smaps");

	tree_write(outside, "smaps", SLICE(ONE));
	tree_mkdir(root, "6");
	tree_link(root, "6/smaps", smaps);
	tree_link(root, "7", outside);
	tree_mkdir(root, "8");
	tree_link(root, "8/smaps", "/proc/self/smaps");
	tree_write(root, "9/smaps", SLICE(ONE));
	tree_link(root, "9/stat", "/proc/self/stat");
	read_all(NEED_STAT);
	assert_calls("begin pid=6\nend malformed: ROOT/6/smaps: " OUT
		     "begin pid=7\nend malformed: ROOT/7/smaps: " OUT
		     "begin pid=8\nend malformed: ROOT/8/smaps: " OUT
		     "begin pid=9\nmapping 1000 /x\nend malformed: ROOT/9/stat: " OUT);
	free(smaps);
	tree_remove(outside);
}

TEST(devices_in_a_tree)
{
	tree_mkdir(root, "7");
	tree_link(root, "7/smaps", "/dev/zero");
	tree_write(root, "8/smaps", SLICE(ONE));
	tree_link(root, "8/status", "/dev/tty");
	read_all(NEED_UID);
	assert_calls("begin pid=7\nend malformed: ROOT/7/smaps: is a device, a FIFO or a socket; "
		     "replace it with a copy of the file\n"
		     "begin pid=8\nmapping 1000 /x\nend malformed: ROOT/8/status: is a device, a "
		     "FIFO or a socket; replace it with a copy of the file\n");
}

TEST(a_device_for_the_whole_system)
{
	struct error e = {.code = ERROR_NONE};

	tree_write(root, "7/smaps", SLICE(ONE));
	tree_link(root, "meminfo", "/dev/zero");
	assert_null(source_open_proc(root, NULL, 0, &e));
	assert_int_equal(e.code, ERROR_MALFORMED);
	assert_contains(
		e.text,
		"/meminfo: is a device, a FIFO or a socket; replace it with a copy of the file");
}

/* A file in a tree may be a capture of any kind, too. */
TEST(smaps_as_people_capture_it)
{
	tree_write(root, "7/smaps",
		   SLICE("1000-2000 rw-p 00000000 00:00 0 /x\r\nSize: 8 kB\r\n\r\n"));
	tree_write(root, "8/smaps", SLICE("\xef\xbb\xbf==> /proc/8/smaps <==\n" TWO "\n"));
	tree_write(root, "9/smaps", SLICE("cat: /proc/9/smaps: Permission denied\n"));
	tree_write(root, "10/smaps", SLICE("cat: /proc/10/smaps: No such process\n"));
	tree_write(root, "11/smaps", SLICE(ONE "\n==> /proc/12/smaps <==\n" TWO));
	read_all(0);
	assert_calls("begin pid=7\nmapping 1000 /x\nend read\n"
		     "begin pid=8\nmapping 3000 [heap]\nend read\n"
		     "begin pid=9\nend denied\nbegin pid=10\nend vanished\n"
		     "begin pid=11\nmapping 1000 /x\nend malformed: ROOT/11/smaps: line 6: another "
		     "process begins; give the file to --smaps\n");
}

TEST(only_the_pids_asked_for)
{
	static const pid_t pids[] = {9, 7, 9};
	struct error e;

	tree_write(root, "7/smaps", SLICE(ONE));
	tree_write(root, "8/smaps", SLICE(ONE));
	tree_write(root, "9/smaps", SLICE(TWO));
	assert_int_equal(read_tree(0, pids, 3, &e), 0);
	assert_calls("begin pid=7\nmapping 1000 /x\nend read\n"
		     "begin pid=9\nmapping 3000 [heap]\nend read\n");
}

#define LARGE(rss)                                                                                 \
	"10000000000-20000000000 rw-p 00000000 00:00 0 /y\nSize: 1073741824 kB\nRss: " rss " kB\n" \
	"Pss: 3 kB\n"

/* A process that moves its memory upwards while it is read: more was read than it has. */
TEST(more_than_there_is)
{
	const char *const attempt = "begin pid=7\nmapping 1000 /x\n";

	is_live = true;
	tree_write(root, "7/smaps", SLICE(ONE LARGE("4")));
	tree_write(root, "7/statm", SLICE("3 1 0 0 0 0 0\n"));
	read_all(0);
	assert_int_equal(recorder.begins, 3);
	assert_contains(recorder_text(&recorder), attempt);
	assert_contains(recorder_text(&recorder), "\nend truncated");
	assert_null(strstr(recorder_text(&recorder), "/y"));
}

TEST(more_resident_than_there_is)
{
	is_live = true;
	tree_write(root, "7/smaps", SLICE(ONE LARGE("10000000")));
	tree_write(root, "7/statm", SLICE("268435459 1 0 0 0 0 0\n"));
	read_all(0);
	assert_contains(recorder_text(&recorder), "\nend truncated");
}

/* Writes mappings of a page each, starting at page `first`: as in smaps, or as in maps. */
static void write_mappings(const char *path, unsigned first, unsigned count, const char *fields)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned i = first; i < first + count; i++)
		fprintf(out, "%08x000-%08x000 rw-p 00000000 00:00 0 /x\n%s", i, i + 1, fields);
	fclose(out);
	tree_write(root, path, (struct slice){text, size});
	free(text);
}

/* The system's limit is not used: it may be hidden, or lowered since. */
TEST(as_many_mappings_as_there_are)
{
	is_live = true;
	write_mappings("7/smaps", 1, 150000, "Size: 4 kB\n");
	write_mappings("7/maps", 1, 150000, "");
	tree_write(root, "7/statm", SLICE("150000 0 0 0 0 0 0\n"));
	tree_write(root, "sys/vm/max_map_count", SLICE("10\n"));
	read_all(0);
	assert_contains(recorder_text(&recorder), "\nend read");
}

TEST(mappings_that_are_there_no_more)
{
	is_live = true;
	write_mappings("7/smaps", 1, 80000, "Size: 4 kB\n");
	write_mappings("7/maps", 80000, 1000, ""); /* meanwhile, all of them have moved up */
	tree_write(root, "7/statm", SLICE("90000 0 0 0 0 0 0\n"));
	read_all(0);
	assert_contains(recorder_text(&recorder), "\nend truncated");
}

/* More bytes than the process has are suspicious; that it allocated memory meanwhile is fine. */
TEST(mappings_that_are_more_than_its_size)
{
	is_live = true;
	write_mappings("7/smaps", 1, 4000, "Size: 4 kB\n");
	write_mappings("7/maps", 4000, 10, "");
	tree_write(root, "7/statm", SLICE("10 0 0 0 0 0 0\n"));
	read_all(0);
	assert_contains(recorder_text(&recorder), "\nend truncated");
	write_mappings("7/maps", 1, 4000, "");
	read_all(0);
	assert_contains(recorder_text(&recorder), "\nend read");
}

/* As much as it has, and captured at different times. */
TEST(no_more_than_there_is)
{
	is_live = true;
	tree_write(root, "7/smaps", SLICE(ONE LARGE("10000000")));
	tree_write(root, "7/statm", SLICE("268435459 2500000 0 0 0 0 0\n"));
	read_all(0);
	is_live = false;
	tree_write(root, "7/statm", SLICE("3 1 0 0 0 0 0\n"));
	read_all(0);
	assert_calls("begin pid=7\nmapping 1000 /x\nmapping 10000000000 /y\nend read\n"
		     "begin pid=7\nmapping 1000 /x\nmapping 10000000000 /y\nend read\n");
}

TEST(many_pids)
{
	struct source *s;
	struct target_list list;
	struct error e;
	char path[32];

	for (int pid = 2000; pid > 0; pid--) {
		snprintf(path, sizeof(path), "%d", pid);
		tree_mkdir(root, path);
	}
	s = source_open_proc(root, NULL, 0, &e);
	assert_non_null(s);
	assert_int_equal(source_targets(s, &list, &e), 0);
	assert_int_equal(list.count, 2000);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(list.targets[i].pid, i + 1);
	free(list.targets);
	source_close(s);
}

#define RESIDENT(pages) "1 (x) S 1 2 3 0 -1 4194560 90 0 0 0 1 2 0 0 20 0 1 0 555 " pages " 0 0\n"

TEST(the_largest_first)
{
	struct source *s;
	struct target_list list;
	struct error e;

	tree_write(root, "1/stat", SLICE(RESIDENT("900 10")));
	tree_write(root, "2/stat", SLICE(RESIDENT("100 30")));
	tree_mkdir(root, "3");
	tree_write(root, "4/stat", SLICE(RESIDENT("500 20")));
	tree_write(root, "5/stat", SLICE("?\n"));
	s = source_open_proc(root, NULL, 0, &e);
	assert_non_null(s);
	assert_int_equal(source_targets(s, &list, &e), 0);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.targets[i].number, i);
	for (size_t i = 0; i < list.count; i++)
		source_look(s, &list.targets[i]);
	target_list_sort(&list);
	assert_int_equal(list.count, 5);
	assert_int_equal(list.targets[0].pid, 2);
	assert_int_equal(list.targets[1].pid, 4);
	assert_int_equal(list.targets[2].pid, 1);
	assert_int_equal(list.targets[0].number, 1);
	free(list.targets);
	source_close(s);
}

static bool lists(const struct target_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->targets[i].pid == pid)
			return true;
	}
	return false;
}

TEST(running_processes)
{
	struct error e = {.code = ERROR_NONE};
	struct source *s = source_open_proc(NULL, NULL, 0, &e);
	struct target_list list;

	assert_non_null(s);
	assert_int_equal(source_targets(s, &list, &e), 0);
	assert_true(lists(&list, 1) && lists(&list, getpid()));
	for (size_t i = 1; i < list.count; i++)
		assert_true(list.targets[i - 1].pid < list.targets[i].pid);
	free(list.targets);
	source_close(s);
}

TEST(no_tree)
{
	char *path = tree_path(root, "gone");
	struct error e = {.code = ERROR_NONE};

	assert_null(source_open_proc(path, NULL, 0, &e));
	assert_contains(e.text, "/gone as a directory of processes: No such file");
	assert_int_equal(read_tree(0, NULL, 0, &e), -1);
	assert_int_equal(e.code, ERROR_MALFORMED);
	assert_contains(e.text, " contains no process: expected directories such as ");
	free(path);
	source_close(NULL);
	reader_free(NULL);
}

TEST(an_error_of_the_sink)
{
	static const enum error_code codes[] = {ERROR_MEMORY, ERROR_SYSTEM, ERROR_USAGE};

	tree_write(root, "7/smaps", SLICE(ONE TWO));
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		struct error e = {.code = ERROR_NONE};

		recorder.fail = codes[i];
		assert_int_equal(read_tree(0, NULL, 0, &e), -1);
		assert_int_equal(e.code, codes[i]);
		assert_string_equal(e.text, "the sink says no");
	}
}

static void read_live(pid_t pid, unsigned needs)
{
	struct error e;
	struct source *s = source_open_proc(NULL, &pid, 1, &e);

	assert_non_null(s);
	assert_int_equal(source_kind(s), SOURCE_PROC);
	assert_int_equal(read_source(s, needs, &recorder, &e), 0);
	source_close(s);
}

TEST(this_process)
{
	char wanted[100], name[16];

	prctl(PR_GET_NAME, name);
	read_live(getpid(), NEED_STAT | NEED_UID | NEED_EXE);
	snprintf(wanted, sizeof(wanted), "begin pid=%d start=", getpid());
	assert_contains(recorder_text(&recorder), wanted);
	snprintf(wanted, sizeof(wanted), " name=%s uid=%u exe=/", name, geteuid());
	assert_contains(recorder_text(&recorder), wanted);
	assert_contains(recorder_text(&recorder), " [stack]\n");
	assert_contains(recorder_text(&recorder), "\nend read\n");
}

static void fill(const char *path, char *buffer, size_t size, size_t *length)
{
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	*length = fread(buffer, 1, size, in);
	fclose(in);
}

TEST(the_command_line_of_this_process)
{
	char line[PROCESS_COMMAND_MAX], wanted[PROCESS_COMMAND_MAX + 16];
	size_t length;

	fill("/proc/self/cmdline", line, sizeof(line), &length);
	assert_true(length > 1);
	line[length - 1] = '\0';
	snprintf(wanted, sizeof(wanted), " command=%s", line);
	read_live(getpid(), NEED_STAT | NEED_COMMAND);
	assert_contains(recorder_text(&recorder), wanted);
}

/* Their sum would be small. */
TEST(captured_names_with_impossible_sizes)
{
	tree_write(root, "7/smaps", SLICE(SMAPS_SMALL("1000-3000", "")));
	tree_write(root, "7/kept-names", SLICE("1000-2000 4096 0 0 0 a\n2000-3000 0 0 0 0\n"));
	read_all(0);
	assert_int_equal(recorder.how, HOW_BIT(HOW_NAMES_KEPT));
	tree_write(root, "7/kept-names",
		   SLICE("1000-2000 9223372586610589696 0 0 0 a\n"
			 "2000-3000 9223372586610589696 0 0 0\n"));
	read_all(0);
	assert_int_equal(recorder.how, HOW_BIT(HOW_NAMES_LOST));
}

static pid_t child;

/* A child that has exited: first a zombie, then nothing. */
TEST(a_zombie)
{
	siginfo_t info;
	char wanted[200];

	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	read_live(child, NEED_STAT | NEED_COMMAND);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_contains(recorder_text(&recorder), " command=[");
	assert_contains(recorder_text(&recorder), "\nend no_memory\n");
	read_live(child, 0);
	snprintf(wanted, sizeof(wanted),
		 "begin pid=%d\nend vanished: process %d: no such process\n", child, child);
	assert_contains(recorder_text(&recorder), wanted);
}

/* It ends once it was looked at. */
static bool kill_child(unsigned n, const struct process *process)
{
	siginfo_t info;

	(void)process;
	if (n > 0)
		return true;
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	return true;
}

static void note_copy(void *ctx, const struct copy *copy)
{
	const struct copied_file *stat = copy_find(copy, "stat");

	(void)ctx;
	assert_non_null(stat);
	fprintf(recorder.out, "copied %s\n",
		memmem(stat->bytes, stat->size, ") Z ", 4) ? "Z" : "?");
}

/* The files of a copy are of one moment. */
TEST(a_process_that_ends_while_it_is_copied)
{
	const struct reading how = {.needs = NEED_STAT, .copies = true};
	struct error e;
	struct reader *reader;
	struct source *s;

	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		pause();
		_exit(0);
	}
	s = source_open_proc(NULL, &child, 1, &e);
	assert_non_null(s);
	recorder.begin = kill_child;
	recorder.sink.copied = note_copy;
	reader = reader_new(s, &how, &recorder.sink);
	assert_non_null(reader);
	assert_int_equal(reader_read(reader, (struct target){.pid = child}, &e), 0);
	assert_contains(recorder_text(&recorder), "\ncancel\nbegin ");
	assert_contains(recorder_text(&recorder), "\ncopied Z\nend no_memory\n");
	reader_free(reader);
	source_close(s);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(pids_ascend_and_other_names_do_not_matter),
		TREE_TEST(who_it_is),
		TREE_TEST(what_it_was_told_to_do),
		TREE_TEST(only_what_is_needed),
		TREE_TEST(what_is_missing_is_unknown),
		TREE_TEST(a_large_small_file),
		TREE_TEST(nothing_is_said_of_unwanted_ones),
		TREE_TEST(rollups_around),
		TREE_TEST(a_rollup_that_is_none),
		TREE_TEST(a_rollup_that_differs_is_read_again),
		TREE_TEST(but_not_for_ever),
		TREE_TEST(no_memory),
		TREE_TEST(memory_that_was_not_read),
		TREE_TEST(a_main_thread_that_has_ended),
		TREE_TEST(a_main_thread_that_is_about_to_end),
		TREE_TEST(cut_short),
		TREE_TEST(malformed),
		TREE_TEST(denied_in_a_capture),
		TREE_TEST(vanished_in_a_capture),
		TREE_TEST(denied_by_the_file_system),
		TREE_TEST(a_file_where_a_folder_should_be),
		TREE_TEST(a_folder_where_smaps_should_be),
		TREE_TEST(a_pipe_where_smaps_should_be),
		TREE_TEST(links_within_a_tree),
		TREE_TEST(links_out_of_a_tree),
		TREE_TEST(devices_in_a_tree),
		TREE_TEST(a_device_for_the_whole_system),
		TREE_TEST(smaps_as_people_capture_it),
		TREE_TEST(only_the_pids_asked_for),
		TREE_TEST(more_than_there_is),
		TREE_TEST(more_resident_than_there_is),
		TREE_TEST(as_many_mappings_as_there_are),
		TREE_TEST(mappings_that_are_there_no_more),
		TREE_TEST(mappings_that_are_more_than_its_size),
		TREE_TEST(no_more_than_there_is),
		TREE_TEST(many_pids),
		TREE_TEST(the_largest_first),
		TREE_TEST(no_tree),
		TREE_TEST(running_processes),
		TREE_TEST(an_error_of_the_sink),
		TREE_TEST(this_process),
		TREE_TEST(the_command_line_of_this_process),
		TREE_TEST(captured_names_with_impossible_sizes),
		TREE_TEST(a_zombie),
		TREE_TEST(a_process_that_ends_while_it_is_copied),
	};

	return RUN(tests);
}
