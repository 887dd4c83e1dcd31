/* oom: what counts as running out of memory, by files as control groups have them. */
#include "support.h"

#include "source/oom.h"

#include <poll.h>
#include <unistd.h>

static char *root, *groups, *vmstat;
static struct error error;
static struct oom_watch *watch;

static int set_up(void **state)
{
	(void)state;
	root = tree_make();
	groups = tree_path(root, "groups");
	vmstat = tree_path(root, "vmstat");
	tree_write(root, "vmstat", SLICE("nr_free_pages 5\noom_kill 1\n"));
	tree_write(root, "groups/cgroup.procs", SLICE(""));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	oom_watch_close(watch);
	watch = NULL;
	free(groups);
	free(vmstat);
	tree_remove(root);
	return 0;
}

static void open_watch(void)
{
	watch = oom_watch_at(groups, vmstat, &error);
	assert_non_null(watch);
}

static bool is_notified(void)
{
	struct pollfd fd = {.fd = oom_watch_fd(watch), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

TEST(each_group_counts)
{
	tree_write(root, "groups/a/memory.events", SLICE("low 0\nmax 7\noom 1\noom_kill 1\n"));
	tree_write(root, "groups/b/memory.events", SLICE("low 0\nmax 7\noom 0\noom_kill 0\n"));
	open_watch();
	assert_true(oom_watch_fd(watch) >= 0);
	assert_false(is_notified());
	assert_false(oom_watch_look(watch));
	/* Another number of the same file. */
	tree_write(root, "groups/b/memory.events", SLICE("low 0\nmax 9\noom 0\noom_kill 0\n"));
	assert_true(is_notified());
	assert_false(oom_watch_look(watch));
	assert_false(is_notified());
	tree_write(root, "groups/b/memory.events", SLICE("low 0\nmax 9\noom 1\noom_kill 0\n"));
	assert_true(is_notified());
	assert_true(oom_watch_look(watch));
	assert_false(oom_watch_look(watch));
	tree_write(root, "groups/b/memory.events", SLICE("low 0\nmax 9\noom 1\noom_kill 1\n"));
	assert_true(oom_watch_look(watch));
	/* /proc/vmstat counts the same. */
	tree_write(root, "vmstat", SLICE("oom_kill 2\n"));
	assert_false(oom_watch_look(watch));
}

TEST(groups_come_and_go)
{
	char *file = tree_path(root, "groups/a/memory.events");

	tree_write(root, "groups/a/memory.events", SLICE("oom 5\noom_kill 5\n"));
	open_watch();
	tree_write(root, "groups/new/memory.events", SLICE("oom 0\noom_kill 0\n"));
	assert_true(is_notified());
	assert_false(oom_watch_look(watch));
	tree_write(root, "groups/new/memory.events", SLICE("oom 0\noom_kill 1\n"));
	assert_true(is_notified());
	assert_true(oom_watch_look(watch));
	/* A group that is gone takes its numbers with it, and is another one when it is back. */
	assert_int_equal(unlink(file), 0);
	assert_false(oom_watch_look(watch));
	tree_write(root, "groups/a/memory.events", SLICE("oom 0\noom_kill 0\n"));
	assert_false(oom_watch_look(watch));
	tree_write(root, "groups/a/memory.events", SLICE("oom 1\noom_kill 1\n"));
	assert_true(oom_watch_look(watch));
	free(file);
}

/* As in a container, whose topmost group counts what is below. */
TEST(a_group_counts_what_is_below)
{
	tree_write(root, "groups/memory.events", SLICE("oom 0\noom_kill 0\n"));
	tree_write(root, "groups/a/memory.events", SLICE("oom 0\noom_kill 0\n"));
	open_watch();
	tree_write(root, "groups/a/memory.events", SLICE("oom 1\noom_kill 1\n"));
	assert_false(is_notified());
	tree_write(root, "groups/memory.events", SLICE("oom 1\noom_kill 1\n"));
	assert_true(is_notified());
	assert_true(oom_watch_look(watch));
}

/* Control groups of version 1 have no such file. */
TEST(without_groups_the_machine_counts)
{
	tree_write(root, "groups/a/memory.oom_control", SLICE("oom_kill 3\n"));
	open_watch();
	assert_int_equal(oom_watch_fd(watch), -1);
	assert_false(oom_watch_look(watch));
	tree_write(root, "vmstat", SLICE("nr_free_pages 5\noom_kill 2\nother 7\n"));
	assert_true(oom_watch_look(watch));
	assert_false(oom_watch_look(watch));
	oom_watch_close(watch);
	watch = oom_watch_at(NULL, vmstat, &error);
	assert_int_equal(oom_watch_fd(watch), -1);
	assert_int_equal(unlink(vmstat), 0);
	assert_false(oom_watch_look(watch));
}

TEST(what_is_no_number_counts_nothing)
{
	tree_write(root, "groups/a/memory.events", SLICE("oom x\noom_kill\noom"));
	open_watch();
	assert_false(oom_watch_look(watch));
	tree_write(root, "groups/a/memory.events", SLICE("oomx 5\n oom 5\n"));
	assert_false(oom_watch_look(watch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_group_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(groups_come_and_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_group_counts_what_is_below, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_groups_the_machine_counts, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_number_counts_nothing, set_up,
						tear_down),
	};

	return RUN(tests);
}
