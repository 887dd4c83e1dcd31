/* process: stat, status, cgroup, meminfo and cmdline, and names made to confuse parsers. */
#include "support.h"

#include "parse/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The fields after the name, from the state up to the start time. */
#define BEHIND " S 1 2 3 0 -1 4194560 90 0 0 0 1 2 0 0 20 0 1 0 "

static char buffer[PROCESS_NAME_MAX];
static struct process_stat stat;
static struct slice name;
static uint64_t start_time;

static bool parse(struct slice text)
{
	bool parsed = parse_stat(text, buffer, &stat);

	name = stat.name;
	start_time = stat.start_time;
	return parsed;
}

TEST(stat_of_a_plain_process)
{
	assert_true(parse(SLICE("42 (bash)" BEHIND "123456 999 888\n")));
	assert_slice(name, "bash");
	assert_int_equal(start_time, 123456);
}

TEST(stat_of_an_address_space)
{
	assert_true(parse(SLICE("42 (bash) Z 1 2 3 0 -1 4194560 90 0 0 0 1 2 0 0 20 0 33 0 "
				"123456 999 888 18446744073709551615 4096 5000 140000000 0 0\n")));
	assert_int_equal(stat.threads, 33);
	assert_int_equal(stat.size, 999);
	assert_int_equal(stat.resident, 888);
	assert_int_equal(stat.code, 4096);
	assert_int_equal(stat.stack, 140000000);
	assert_true(parse(SLICE("42 (bash)" BEHIND "123456\n")));
	assert_int_equal(stat.size + stat.code + stat.stack, 0);
}

TEST(stat_with_hostile_names)
{
	assert_true(parse(SLICE("42 (a b)" BEHIND "7 9\n")));
	assert_slice(name, "a b");
	assert_true(parse(SLICE("42 ())" BEHIND "8 9\n")));
	assert_slice(name, ")");
	assert_int_equal(start_time, 8);
	assert_true(parse(SLICE("42 (x) S 1 2 3)" BEHIND "9 9\n")));
	assert_slice(name, "x) S 1 2 3");
	assert_int_equal(start_time, 9);
	assert_true(parse(SLICE("42 ((sd-pam))" BEHIND "10 9\n")));
	assert_slice(name, "(sd-pam)");
	assert_true(parse(SLICE("42 ()" BEHIND "11 9\n")));
	assert_slice(name, "");
	assert_true(parse(SLICE("42 (a\nb)" BEHIND "12 9\n")));
	assert_slice(name, "a\nb");
	assert_true(parse(SLICE("42 (\x1b[31m\xff)" BEHIND "13 9\n")));
	assert_slice(name, "\x1b[31m\xff");
}

/* The kernel escapes names in status, but never in stat. */
TEST(stat_is_not_escaped)
{
	assert_true(parse(SLICE("42 (a\\b)" BEHIND "7 9\n")));
	assert_slice(name, "a\\b");
	assert_true(parse(SLICE("42 (a\\nb)" BEHIND "7 9\n")));
	assert_slice(name, "a\\nb");
	assert_true(parse(SLICE("42 (\\\\)" BEHIND "7 9\n")));
	assert_slice(name, "\\\\");
	assert_true(parse(SLICE("42 (end\\)" BEHIND "7 9\n")));
	assert_slice(name, "end\\");
}

/* Asks the running kernel how it prints such a name. */
TEST(stat_of_this_process)
{
	char old[16], text[1024];
	ssize_t n;
	int fd;

	prctl(PR_SET_NAME, "x");
	assert_int_equal(prctl(PR_GET_NAME, old), 0);
	assert_int_equal(prctl(PR_SET_NAME, "a\\b\nc) \\n (x"), 0);
	fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text));
	close(fd);
	prctl(PR_SET_NAME, old);
	assert_true(n > 0);
	assert_true(parse((struct slice){text, (size_t)n}));
	assert_slice(name, "a\\b\nc) \\n (x");
	assert_true(start_time > 0);
}

TEST(stat_of_a_kernel_thread)
{
	assert_true(parse(
		SLICE("9 (kworker/u8:1-events_unbound_with_a_name_that_goes_on_to_63_byte)" BEHIND
		      "7 9\n")));
	assert_slice(name, "kworker/u8:1-events_unbound_with_a_name_that_goes_on_to_63_byte");
}

TEST(a_name_longer_than_any_is_cut)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "1 (%0200d)%s5 6\n", 0, BEHIND);

	assert_true(parse((struct slice){text, (size_t)n}));
	assert_int_equal(name.len, PROCESS_NAME_MAX);
	assert_int_equal(start_time, 5);
}

TEST(stat_that_is_none)
{
	assert_false(parse(SLICE("")));
	assert_false(parse(SLICE("42")));
	assert_false(parse(SLICE("42 (bash")));
	assert_false(parse(SLICE("42 bash)")));
	assert_false(parse(SLICE("42 )bash(")));
	assert_false(parse(SLICE("42 (bash)")));
	assert_false(parse(SLICE("42 (bash)\n")));
	assert_false(parse(SLICE("42 (bash)" BEHIND "\n")));
	assert_false(parse(SLICE("42 (bash)" BEHIND "x\n")));
	assert_false(parse(SLICE("42 (bash)" BEHIND "18446744073709551616 1\n")));
	assert_false(parse(SLICE("42 (bash)S 1 2 3 0 -1 4194560 90 0 0 0 1 2 0 0 20 0 1 0 7\n")));
	assert_true(parse(SLICE("42 (bash)" BEHIND "18446744073709551615")));
	assert_true(start_time == UINT64_MAX);
}

TEST(uid_is_the_effective_one)
{
	uint32_t uid = 0;

	assert_true(parse_status_uid(SLICE("Name:\tx\nUid:\t1000\t33\t1\t2\nGid:\t7\t8\t9\t9\n"),
				     &uid));
	assert_int_equal(uid, 33);
	assert_true(parse_status_uid(SLICE("Uid:\t0\t4294967295\t0\t0"), &uid));
	assert_int_equal(uid, UINT32_MAX);
	assert_true(parse_status_uid(SLICE("Name:\tUid:\\n\t1\t2\nUid:\t5\t6\t7\t8\n"), &uid));
	assert_int_equal(uid, 6);
}

TEST(status_without_a_uid)
{
	uint32_t uid;

	assert_false(parse_status_uid(SLICE(""), &uid));
	assert_false(parse_status_uid(SLICE("Name:\tx\nGid:\t1\t2\t3\t4\n"), &uid));
	assert_false(parse_status_uid(SLICE("Uid:\n"), &uid));
	assert_false(parse_status_uid(SLICE("Uid:\t1\n"), &uid));
	assert_false(parse_status_uid(SLICE("Uid:\t1\tx\n"), &uid));
	assert_false(parse_status_uid(SLICE("Uid:\t1\t4294967296\n"), &uid));
	assert_false(parse_status_uid(SLICE("XUid:\t1\t2\t3\t4\n"), &uid));
}

TEST(parent)
{
	uint64_t parent = 0;

	assert_true(parse_status_parent(SLICE("Name:\tx\nPPid:\t12\nTracerPid:\t7\n"), &parent));
	assert_int_equal(parent, 12);
	assert_true(parse_status_parent(SLICE("PPid:\t0"), &parent));
	assert_int_equal(parent, 0);
	assert_false(parse_status_parent(SLICE(""), &parent));
	assert_false(parse_status_parent(SLICE("PPid:\n"), &parent));
	assert_false(parse_status_parent(SLICE("PPid:\t1x\n"), &parent));
	assert_false(parse_status_parent(SLICE("XPPid:\t1\n"), &parent));
}

#define assert_cgroup(text, wanted)                                                                \
	do {                                                                                       \
		struct slice path_ = SLICE("none");                                                \
		assert_true(parse_cgroup(SLICE(text), &path_));                                    \
		assert_slice(path_, wanted);                                                       \
	} while (0)

TEST(cgroup_v2)
{
	assert_cgroup("0::/system.slice/a b.service\n", "/system.slice/a b.service");
	assert_cgroup("0::/", "/");
	assert_cgroup("0::/a:b\n", "/a:b");
	assert_cgroup("0::/x (deleted)\n", "/x (deleted)");
}

TEST(cgroup_v1)
{
	assert_cgroup("12:pids:/p\n11:cpu,cpuacct:/c\n4:memory:/m\n1:name=systemd:/s\n", "/m");
	assert_cgroup("5:cpu,memory,pids:/all\n", "/all");
	assert_cgroup("5:memory,cpu:/all:x\n", "/all:x");
}

TEST(cgroup_hybrid)
{
	/* v1 accounts the memory, whichever line comes first. */
	assert_cgroup("4:memory:/m\n1:name=systemd:/s\n0::/v2\n", "/m");
	assert_cgroup("0::/v2\n4:memory:/m\n", "/m");
	/* v2 does, if v1 has only other controllers. */
	assert_cgroup("3:cpu:/c\n1:name=systemd:/s\n0::/v2\n", "/v2");
	assert_cgroup("0::/v2\n3:cpu:/c\n", "/v2");
	/* A name that merely resembles the controller's. */
	assert_cgroup("3:memoryx:/c\n2:xmemory:/d\n1:name=memory:/s\n0::/v2\n", "/v2");
}

TEST(cgroup_v1_without_memory)
{
	assert_cgroup("1:name=systemd:/s\n", "/s");
	assert_cgroup("9:freezer:/\n8:cpu,cpuacct:/a\n1:name=systemd:/s\n", "/s");
	assert_cgroup("9:freezer:/a\n8:cpu,cpuacct:/a\n", "/a");
	assert_cgroup("1:name=systemd:/s\n9:freezer:/a\n8:cpu:/b\n", "/s");
}

TEST(numbers_of_status)
{
	static const struct slice text = SLICE_INIT("Name:\tx\nTgid:\t42\nVmRSS:\t     12 kB\n");
	uint64_t n = 0;

	assert_true(parse_status_number(text, SLICE("Tgid:"), &n));
	assert_int_equal(n, 42);
	assert_true(parse_status_number(text, SLICE("VmRSS:"), &n));
	assert_int_equal(n, 12);
	assert_false(parse_status_number(text, SLICE("Name:"), &n));
	assert_false(parse_status_number(text, SLICE("VmSwap:"), &n));
}

TEST(cgroup_that_is_none)
{
	struct slice path;

	assert_false(parse_cgroup(SLICE(""), &path));
	assert_false(parse_cgroup(SLICE("/x\n"), &path));
	assert_false(parse_cgroup(SLICE("0\n"), &path));
	assert_false(parse_cgroup(SLICE("0:\n"), &path));
	assert_false(parse_cgroup(SLICE("3:cpu:/c\n1:pids:/p\n"), &path)); /* they differ */
}

TEST(meminfo_fields)
{
	static const struct slice text = SLICE_INIT("MemTotal:       16 kB\n"
						    "SwapCached:      2 kB\n"
						    "Cached:          3 kB\n"
						    "AnonPages:       0 kB\n"
						    "HugePages_Total: 5\n"
						    "Wide:            18014398509481984 kB\n"
						    "Last:            7 kB");
	uint64_t bytes;

	assert_true(parse_meminfo(text, SLICE("MemTotal"), &bytes));
	assert_int_equal(bytes, 16 * 1024);
	assert_true(parse_meminfo(text, SLICE("Cached"), &bytes));
	assert_int_equal(bytes, 3 * 1024);
	assert_true(parse_meminfo(text, SLICE("AnonPages"), &bytes));
	assert_int_equal(bytes, 0);
	assert_true(parse_meminfo(text, SLICE("Last"), &bytes));
	assert_int_equal(bytes, 7 * 1024);
	assert_false(parse_meminfo(text, SLICE("Mem"), &bytes));
	assert_false(parse_meminfo(text, SLICE("Absent"), &bytes));
	assert_false(parse_meminfo(text, SLICE("HugePages_Total"), &bytes));
	assert_false(parse_meminfo(text, SLICE("Wide"), &bytes));
	assert_false(parse_meminfo(SLICE(""), SLICE("Cached"), &bytes));
}

static char line[PROCESS_COMMAND_SIZE];
static struct slice command;

static bool parse_line(struct slice text, struct slice comm)
{
	return parse_command(text, comm, line, &command);
}

TEST(a_command_line)
{
	assert_true(parse_line(SLICE("/usr/bin/x\0-a\0b c\0"), SLICE("x")));
	assert_slice(command, "/usr/bin/x -a b c");
	assert_true(parse_line(SLICE("x\0\0y\0"), SLICE("x")));
	assert_slice(command, "x  y");
	assert_true(parse_line(SLICE("a\033[2J\n\0"), SLICE("x")));
	assert_slice(command, "a\033[2J\n");
}

/* As left by setproctitle(3) and the like. */
TEST(a_title_instead_of_a_command_line)
{
	assert_true(parse_line(SLICE("nginx: worker process   \0\0\0\0\0"), SLICE("nginx")));
	assert_slice(command, "nginx: worker process");
	assert_true(parse_line(SLICE("postgres: checkpointer "), SLICE("postgres")));
	assert_slice(command, "postgres: checkpointer");
}

TEST(no_command_line)
{
	assert_true(parse_line(SLICE(""), SLICE("kworker/0:1")));
	assert_slice(command, "[kworker/0:1]");
	assert_true(parse_line(SLICE("\0\0 \0"), SLICE("x")));
	assert_slice(command, "[x]");
	assert_false(parse_line(SLICE(""), SLICE("")));
}

TEST(a_long_command_line)
{
	static char text[PROCESS_COMMAND_MAX + 1];

	memset(text, 'x', sizeof(text));
	assert_true(parse_line((struct slice){text, sizeof(text) - 1}, SLICE("x")));
	assert_int_equal(command.len, PROCESS_COMMAND_MAX);
	assert_int_equal(command.ptr[command.len - 1], 'x');
	assert_true(parse_line((struct slice){text, sizeof(text)}, SLICE("x")));
	assert_int_equal(command.len, PROCESS_COMMAND_SIZE);
	assert_true(slice_ends(command, SLICE("xx...")));
	/* A character is not cut in half; bytes that are not UTF-8 are left alone. */
	memcpy(text + sizeof(text) - 3, "\xe2\x82\xac", 3);
	assert_true(parse_line((struct slice){text, sizeof(text)}, SLICE("x")));
	assert_true(slice_ends(command, SLICE("xx...")));
	assert_int_equal(command.len, PROCESS_COMMAND_SIZE - 2);
	memcpy(text + sizeof(text) - 4, "\xe2\x82\xac", 3);
	assert_true(parse_line((struct slice){text, sizeof(text)}, SLICE("x")));
	assert_true(slice_ends(command, SLICE("x\xe2\x82\xac...")));
	memset(text, 0x80, sizeof(text));
	assert_true(parse_line((struct slice){text, sizeof(text)}, SLICE("x")));
	assert_int_equal(command.len, PROCESS_COMMAND_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_of_a_plain_process),
		cmocka_unit_test(stat_of_an_address_space),
		cmocka_unit_test(stat_with_hostile_names),
		cmocka_unit_test(stat_is_not_escaped),
		cmocka_unit_test(stat_of_this_process),
		cmocka_unit_test(stat_of_a_kernel_thread),
		cmocka_unit_test(a_name_longer_than_any_is_cut),
		cmocka_unit_test(stat_that_is_none),
		cmocka_unit_test(uid_is_the_effective_one),
		cmocka_unit_test(status_without_a_uid),
		cmocka_unit_test(parent),
		cmocka_unit_test(cgroup_v2),
		cmocka_unit_test(cgroup_v1),
		cmocka_unit_test(cgroup_hybrid),
		cmocka_unit_test(cgroup_v1_without_memory),
		cmocka_unit_test(numbers_of_status),
		cmocka_unit_test(cgroup_that_is_none),
		cmocka_unit_test(meminfo_fields),
		cmocka_unit_test(a_command_line),
		cmocka_unit_test(a_title_instead_of_a_command_line),
		cmocka_unit_test(no_command_line),
		cmocka_unit_test(a_long_command_line),
	};

	return RUN(tests);
}
