/* activity: signs of activity of real processes. */
#include "support.h"

#include "source/activity.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MEMORY = 32 << 20 };

static struct source *source;

static int set_up(void **state)
{
	struct error e = {.code = ERROR_NONE};

	(void)state;
	source = source_open_proc(NULL, NULL, 0, &e);
	return source ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	source_close(source);
	return 0;
}

static struct activity look(struct stat_handle *handle)
{
	struct activity activity;

	source_activity(source, handle, true, &activity);
	return activity;
}

static void take_memory(void)
{
	char *at = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(at, 1, MEMORY);
}

/* A child that does something for every byte it receives, and then sends one back. */
static pid_t start(void (*work)(void), int pipes[2])
{
	int to[2], from[2];
	pid_t pid;
	char byte;

	if (pipe(to) < 0 || pipe(from) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(to[1]);
		while (read(to[0], &byte, 1) == 1) {
			work();
			if (write(from[1], &byte, 1) < 1)
				break;
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	pipes[0] = from[0];
	pipes[1] = to[1];
	return pid;
}

static bool sleeps(pid_t pid)
{
	char path[32], text[64] = "";
	const char *end;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_non_null(fgets(text, sizeof(text), in));
	fclose(in);
	end = strrchr(text, ')');
	return end && end[2] == 'S';
}

/* Waits until the child is waiting again: after writing, it still has to go to sleep. On a busy
 * machine it may have to wait for a processor first. */
static void wait_for(pid_t pid)
{
	struct stat_handle handle = stat_handle_of(pid);
	struct activity before, now = look(&handle);

	do {
		const struct timespec pause = {.tv_nsec = 50000000};

		before = now;
		nanosleep(&pause, NULL);
		now = look(&handle);
	} while (!sleeps(pid) || !activity_equals(&before, &now));
	stat_handle_close(&handle);
}

TEST(of_a_child)
{
	struct activity before, idle, busy, gone;
	char byte = 'x';
	int pipes[2] = {-1, -1}, fd;
	pid_t pid = start(take_memory, pipes);
	struct stat_handle handle = stat_handle_of(pid);

	assert_true(pid > 0);
	wait_for(pid);
	before = look(&handle);
	assert_true(before.known && before.has_memory && before.start_time > 0);
	assert_true(handle.stat >= 0); /* it stays open, */
	fd = handle.stat;
	idle = look(&handle);
	assert_true(activity_equals(&before, &idle));
	assert_int_equal(handle.stat, fd); /* and is reused */
	assert_int_equal(write(pipes[1], &byte, 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	busy = look(&handle);
	assert_true(busy.known);
	assert_false(activity_equals(&before, &busy));
	close(pipes[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	gone = look(&handle);
	assert_false(gone.known);
	assert_false(activity_equals(&busy, &gone));
	stat_handle_close(&handle);
	close(pipes[0]);
}

static void split_memory(void)
{
	static char *at;
	static int protection = PROT_READ;

	if (!at)
		at = mmap(NULL, MEMORY, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(at + MEMORY / 2, 4096, protection);
	protection = PROT_READ - protection;
}

static void do_nothing(void)
{
}

static void poke(const int pipes[2])
{
	char byte = 'x';

	assert_int_equal(write(pipes[1], &byte, 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
}

/* Activity below a clock tick shows in the CPU time, and its effects in maps. */
static void check_moment(void (*work)(void), bool changes)
{
	struct activity before, now;
	int pipes[2] = {-1, -1};
	pid_t pid = start(work, pipes);
	struct stat_handle handle = stat_handle_of(pid);
	uint64_t maps;

	assert_true(pid > 0);
	poke(pipes); /* the first time causes page faults */
	poke(pipes);
	wait_for(pid);
	before = look(&handle);
	maps = source_maps_fingerprint(source, pid, false);
	assert_true(before.ran_ns > 0 && maps != 0);
	poke(pipes);
	now = look(&handle);
	assert_true(activity_ran(&before, &now));
	assert_int_equal(source_maps_fingerprint(source, pid, false) != maps, changes);
	close(pipes[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(source_maps_fingerprint(source, pid, false), 0);
	stat_handle_close(&handle);
	close(pipes[0]);
}

TEST(of_a_moment)
{
	check_moment(do_nothing, false);
	check_moment(split_memory, true);
}

/* Where pids may mean other processes, the CPU-time clock is of no use: any may have run. */
TEST(of_another_proc)
{
	struct error e = {.code = ERROR_NONE};
	struct source *other = source_open_proc("/proc", NULL, 0, &e);
	struct stat_handle handle = stat_handle_of(getpid());
	struct activity first, second;

	assert_non_null(other);
	source_activity(other, &handle, false, &first);
	source_activity(other, &handle, false, &second);
	assert_true(second.known && second.ran_ns == 0);
	assert_true(activity_ran(&first, &second));
	source_close(other);
}

/* That anonmem itself ran does not count, but that it allocated memory does. */
TEST(of_itself)
{
	struct stat_handle handle = stat_handle_of(getpid());
	struct activity before = look(&handle), busy;
	struct timespec t;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while (t.tv_sec == 0 && t.tv_nsec < 100000000);
	busy = look(&handle);
	assert_true(activity_equals(&before, &busy));
	take_memory();
	busy = look(&handle);
	assert_false(activity_equals(&before, &busy));
	stat_handle_close(&handle);
}

TEST(of_no_process)
{
	struct stat_handle handle = stat_handle_of(INT32_MAX);

	assert_false(look(&handle).known);
	assert_int_equal(handle.stat, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_a_child, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_moment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_another_proc, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_no_process, set_up, tear_down),
	};

	return RUN(tests);
}
