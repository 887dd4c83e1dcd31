/* descendants: who descends from whom, in a tree made by the test. */
#include "support.h"

#include "source/descendants.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char *root;
static struct source *source;
static struct descendants family;

static int set_up(void **state)
{
	struct error e;

	(void)state;
	root = tree_make();
	source = source_open_proc(root, NULL, 0, &e);
	return source ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	descendants_free(&family);
	source_close(source);
	tree_remove(root);
	return 0;
}

static void put(pid_t pid, pid_t parent, int start)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (a) b) S %d 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 %d 0 0 0 0 0 0\n", pid, parent,
		 start);
	tree_write(root, path, slice_of(text));
}

static void update(pid_t first)
{
	struct error e = {.code = ERROR_NONE};

	if (descendants_update(&family, source, &first, 1, &e) < 0) {
		print_error("%s\n", e.text);
		fail();
	}
}

/* The pids, as text. */
static void check_family(const char *wanted, int line)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < family.count; i++)
		fprintf(out, "%s%d", i ? " " : "", family.kin[i].pid);
	fclose(out);
	if (strcmp(text, wanted) != 0) {
		print_error("line %d: \"%s\", not \"%s\"\n", line, text, wanted);
		fail();
	}
	free(text);
}

#define assert_family(wanted) check_family((wanted), __LINE__)

TEST(all_generations)
{
	put(1, 0, 1);
	put(7, 30, 4);
	put(10, 1, 2);
	put(20, 10, 3);
	put(30, 20, 3);
	put(40, 1, 3);
	update(10);
	assert_family("7 10 20 30");
	update(40);
	/* A process once seen stays. */
	assert_family("7 10 20 30 40");
}

TEST(several_roots)
{
	static const pid_t roots[] = {40, 20, 99};
	struct error e;

	put(10, 1, 2);
	put(20, 10, 3);
	put(30, 20, 3);
	put(40, 30, 3);
	put(50, 1, 3);
	assert_int_equal(descendants_update(&family, source, roots, 3, &e), 0);
	assert_family("20 30 40");
}

/* An orphan gets another parent, but its new children are descendants. */
TEST(an_orphan_stays)
{
	char *path = tree_path(root, "20/stat");

	put(10, 1, 2);
	put(20, 10, 3);
	put(30, 20, 4);
	update(10);
	assert_int_equal(unlink(path), 0);
	free(path);
	put(30, 1, 4);
	put(40, 30, 5);
	update(10);
	assert_family("10 30 40");
}

TEST(another_process_of_the_same_pid)
{
	put(10, 1, 2);
	put(20, 10, 3);
	update(10);
	put(20, 1, 9);
	update(10);
	assert_family("10");
}

TEST(a_circle)
{
	put(10, 1, 2);
	put(20, 30, 3);
	put(30, 20, 3);
	put(40, 40, 3);
	put(50, 30, 3);
	update(10);
	assert_family("10");
	update(30);
	assert_family("10 20 30 50");
}

TEST(status_where_there_is_no_stat)
{
	tree_write(root, "10/status", SLICE("Name:\tx\nPPid:\t1\n"));
	tree_write(root, "20/status", SLICE("Name:\tPPid:\\n\nPPid:\t10\nUid:\t0\t0\t0\t0\n"));
	put(30, 20, 4);
	update(10);
	assert_family("10 20 30");
	assert_int_equal(family.unknown_count, 0);
}

/* It is unknown whether it is a descendant, unless it is a root. */
TEST(a_parent_that_is_not_known)
{
	put(10, 1, 2);
	tree_mkdir(root, "20");
	tree_write(root, "30/stat", SLICE("30 (cut"));
	put(40, 20, 3);
	update(10);
	assert_family("10");
	assert_int_equal(family.unknown_count, 2);
	assert_int_equal(family.unknown[0], 20);
	assert_int_equal(family.unknown[1], 30);
	update(20);
	assert_family("10 20 40");
	assert_int_equal(family.unknown_count, 1);
}

TEST(a_root_that_is_gone)
{
	put(10, 1, 2);
	update(11);
	assert_family("");
}

/* This process and its child. */
TEST(the_running_system)
{
	struct error e;
	struct source *live = source_open_proc(NULL, NULL, 0, &e);
	pid_t own = getpid(), child = fork();
	bool found[2] = {false, false};

	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_non_null(live);
	assert_int_equal(descendants_update(&family, live, &own, 1, &e), 0);
	for (size_t i = 0; i < family.count; i++) {
		found[0] |= family.kin[i].pid == own;
		found[1] |= family.kin[i].pid == child;
		assert_true(family.kin[i].start_time > 0);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	source_close(live);
	assert_true(found[0] && found[1]);
}

int main(void)
{
#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TREE_TEST(all_generations),
		TREE_TEST(several_roots),
		TREE_TEST(an_orphan_stays),
		TREE_TEST(another_process_of_the_same_pid),
		TREE_TEST(a_circle),
		TREE_TEST(status_where_there_is_no_stat),
		TREE_TEST(a_parent_that_is_not_known),
		TREE_TEST(a_root_that_is_gone),
		TREE_TEST(the_running_system),
	};

	return RUN(tests);
}
