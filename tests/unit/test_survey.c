/* survey: reads and adds up a tree, with any number of threads. */
#include "support.h"

#include "collect/survey.h"

#include <inttypes.h>
#include <sys/stat.h>

#define MAPPING(range, name, kb)                                                                   \
	range " rw-p 00000000 00:00 0 " name "\nSize: 8 kB\nRss: " kb " kB\nPss: " kb              \
	      " kB\nSwap: 0 kB\n"
#define SHARED(range, name, swap)                                                                  \
	range " rw-s 00000000 00:01 5 " name "\nSize: 8 kB\nRss: 4 kB\nPss: 2 kB\nSwap: " swap     \
	      " kB\n"
#define ROLLUP(kb)                                                                                 \
	"1000-4000 ---p 00000000 00:00 0    [rollup]\nRss: " kb " kB\nPss: " kb " kB\nSwap: 0 "    \
	"kB\n"

static char *root;
static struct snapshot snapshot;
static struct collect_options options;

static int set_up(void **state)
{
	(void)state;
	root = tree_make();
	options = (struct collect_options){.by = {.keys = {KEY_LABEL}, .count = 1}, .jobs = 1};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_free(&snapshot);
	tree_remove(root);
	return 0;
}

static void read_tree(void)
{
	struct error e = {.code = ERROR_NONE};
	struct source *s = source_open_proc(root, NULL, 0, &e);

	assert_non_null(s);
	if (survey(s, &options, &snapshot, &e) < 0) {
		print_error("%s\n", e.text);
		fail();
	}
	source_close(s);
}

/* The group of a label, by its name. */
static const struct group *find(const char *label)
{
	for (uint32_t i = 0; i < aggregate_count(&snapshot.groups); i++) {
		enum origin origin;
		symbol s = aggregate_key(&snapshot.groups, i)[0];

		if (slice_equals(key_label(&snapshot.symbols, s, &origin), slice_of(label)))
			return &snapshot.groups.groups[i];
	}
	print_error("no group %s\n", label);
	fail();
	return NULL;
}

TEST(two_processes)
{
	const struct group *g;

	tree_write(root, "1/smaps",
		   SLICE(MAPPING("1-2", "[heap]", "4") MAPPING("2-3", "", "8")
				 MAPPING("3-4", "[heap]", "1")));
	tree_write(root, "2/smaps", SLICE(MAPPING("1-2", "[heap]", "16")));
	read_tree();
	assert_int_equal(aggregate_count(&snapshot.groups), 2);
	g = find("[heap]");
	assert_int_equal(g->processes, 2);
	assert_int_equal(g->mappings, 3);
	assert_int_equal(g->counters.bytes[COUNTER_RSS], 21 * 1024);
	g = find("[anon]");
	assert_int_equal(g->processes, 1);
	assert_int_equal(g->counters.bytes[COUNTER_RSS], 8 * 1024);
	assert_int_equal(snapshot.totals.processes, 2);
	assert_int_equal(snapshot.totals.mappings, 4);
	assert_int_equal(snapshot.totals.counters.bytes[COUNTER_RSS], 29 * 1024);
	assert_false(counters_know(&snapshot.totals.counters, COUNTER_SWAP_PSS));
	assert_int_equal(snapshot.coverage.seen, 2);
	assert_int_equal(snapshot.coverage.by_outcome[OUTCOME_READ], 2);
	assert_int_equal(coverage_missed(&snapshot.coverage), 0);
}

/* A process is added completely or not at all. */
TEST(half_a_process_is_none)
{
	tree_write(root, "1/smaps", SLICE(MAPPING("1-2", "[heap]", "4") "2-3 rw-p 0 00:00 0 \n"));
	tree_write(root, "2/smaps", SLICE(MAPPING("1-2", "[heap]", "16") "?\n"));
	tree_write(root, "3/smaps", SLICE(MAPPING("1-2", "[stack]", "32")));
	tree_write(root, "4/smaps", SLICE(""));
	tree_write(root, "5/stat", SLICE("x"));
	tree_mkdir(root, "6");
	read_tree();
	assert_int_equal(aggregate_count(&snapshot.groups), 1);
	assert_int_equal(find("[stack]")->processes, 1);
	assert_int_equal(snapshot.totals.counters.bytes[COUNTER_RSS], 32 * 1024);
	assert_int_equal(snapshot.coverage.seen, 6);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(snapshot.coverage.by_outcome[i], 1);
	assert_int_equal(coverage_missed(&snapshot.coverage), 4);
	assert_int_equal(snapshot.problems.count, 2);
	assert_contains(snapshot.problems.list[0].text, "/1/smaps: line 7, ");
	assert_contains(snapshot.problems.list[1].text, "/2/smaps: line 6, ");
}

/* A mapping held back for its guess belongs to its process, and is dropped with it. */
TEST(guesses_of_the_last_mapping)
{
	static const char page[] = MAPPING("117efc40000-117efc80000", "", "8");

	options.infer = true;
	options.verify = true;
	tree_write(root, "11/smaps",
		   SLICE(MAPPING("1000-2000", "[heap]", "4")
				 MAPPING("117efc40000-117efc80000", "", "8")));
	tree_write(root, "12/smaps", slice_of(page));
	/* Cut short. */
	tree_write(root, "13/smaps", (struct slice){page, strlen(page) - 10});
	tree_write(root, "14/smaps", SLICE(MAPPING("117efc80000-117efcc0000", "", "4")));
	read_tree();
	assert_int_equal(snapshot.coverage.by_outcome[OUTCOME_READ], 3);
	assert_int_equal(find("~v8 heap?")->processes, 3);
	assert_int_equal(find("~v8 heap?")->mappings, 3);
	assert_int_equal(find("~v8 heap?")->counters.bytes[COUNTER_RSS], (8 + 8 + 4) * 1024);
	assert_int_equal(snapshot.totals.mappings, 4);
	assert_true(snapshot.inferred);
}

TEST(nothing_read)
{
	tree_mkdir(root, "1");
	read_tree();
	assert_int_equal(aggregate_count(&snapshot.groups), 0);
	assert_int_equal(snapshot.totals.counters.known, 0);
}

TEST(nothing_wanted)
{
	options.selection.kinds = 1U << KIND_SHMEM;
	tree_write(root, "1/smaps", SLICE(MAPPING("1-2", "[heap]", "4")));
	read_tree();
	assert_int_equal(aggregate_count(&snapshot.groups), 0);
	assert_int_equal(snapshot.totals.processes, 0);
	assert_true(counters_know(&snapshot.totals.counters, COUNTER_RSS));
	assert_int_equal(snapshot.coverage.by_outcome[OUTCOME_READ], 1);
}

/* An unwanted mapping between two alike must not be counted for them. */
TEST(unwanted_between_wanted)
{
	options.selection.kinds = 1U << KIND_ANON;
	tree_write(root, "1/smaps",
		   SLICE(MAPPING("1-2", "[heap]", "4") MAPPING("2-3", "", "8")
				 MAPPING("3-4", "[vdso]", "1") MAPPING("4-5", "[vdso]", "1")
					 MAPPING("5-6", "", "16") MAPPING("6-7", "", "32")));
	read_tree();
	assert_int_equal(find("[heap]")->counters.bytes[COUNTER_RSS], 4 * 1024);
	assert_int_equal(find("[anon]")->counters.bytes[COUNTER_RSS], 56 * 1024);
	assert_int_equal(find("[anon]")->mappings, 3);
	assert_int_equal(snapshot.totals.mappings, 4);
}

TEST(swapped_shared_memory)
{
	tree_write(root, "1/smaps", SLICE(SHARED("1-2", "/memfd:a (deleted)", "4")));
	tree_write(root, "2/smaps", SLICE(SHARED("1-2", "/memfd:a (deleted)", "0")));
	tree_write(root, "3/smaps",
		   SLICE(SHARED("1-2", "/memfd:a (deleted)", "4")
				 SHARED("2-3", "/memfd:b (deleted)", "4")));
	tree_write(root, "4/smaps", SLICE(SHARED("1-2", "/a/file", "4")));
	read_tree();
	assert_int_equal(snapshot.coverage.shared_swappers, 2);
}

TEST(verified)
{
	options.verify = true;
	tree_write(root, "1/smaps", SLICE(MAPPING("1-2", "[heap]", "4") MAPPING("2-3", "", "8")));
	tree_write(root, "1/smaps_rollup", SLICE(ROLLUP("12")));
	tree_write(root, "2/smaps", SLICE(MAPPING("1-2", "[heap]", "4")));
	tree_write(root, "2/smaps_rollup", SLICE(ROLLUP("5")));
	tree_write(root, "3/smaps", SLICE(MAPPING("1-2", "[heap]", "4")));
	read_tree();
	assert_true(snapshot.verified);
	assert_int_equal(snapshot.verification.compared, 2);
	assert_int_equal(snapshot.verification.without_rollup, 1);
	/* Both Rss and Pss; three attempts must not count three times. */
	assert_int_equal(snapshot.verification.count, 2);
	assert_int_equal(
		key_process(&snapshot.symbols, snapshot.verification.differences[0].process).pid,
		2);
	assert_int_equal(snapshot.totals.counters.bytes[COUNTER_RSS], 20 * 1024);
	assert_false(snapshot.verification.anon_known);
}

/* Verification covers all of a process, whatever is shown. */
TEST(verified_though_not_all_is_wanted)
{
	options.verify = true;
	options.selection.kinds = 1U << KIND_SPECIAL;
	tree_write(root, "1/smaps",
		   SLICE(MAPPING("1-2", "[heap]", "4") MAPPING("2-3", "[vdso]", "8")));
	tree_write(root, "1/smaps_rollup", SLICE(ROLLUP("12")));
	read_tree();
	assert_int_equal(snapshot.verification.count, 0);
	assert_int_equal(snapshot.totals.counters.bytes[COUNTER_RSS], 8 * 1024);
}

TEST(a_sum_that_does_not_fit)
{
	tree_write(
		root, "1/smaps",
		SLICE(MAPPING("1-2", "[heap]", "9007199254740991") MAPPING("2-3", "[heap]", "1")));
	tree_write(root, "2/smaps", SLICE(MAPPING("1-2", "[heap]", "0")));
	read_tree();
	assert_true(snapshot.groups.inexact);
	assert_true(find("[heap]")->counters.bytes[COUNTER_RSS] == COUNTER_MAX);
}

/* Everything in a snapshot, in a fixed order. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *describe(void)
{
	uint32_t count = aggregate_count(&snapshot.groups);
	char **lines = calloc(count + 1, sizeof(*lines)), *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint32_t i = 0; i < count; i++) {
		const symbol *key = aggregate_key(&snapshot.groups, i);
		const struct group *g = &snapshot.groups.groups[i];
		enum origin origin;
		struct slice label = key_label(&snapshot.symbols, key[0], &origin);

		assert_true(asprintf(&lines[i], "%.*s %d %" PRIu64 " %" PRIu64 " %" PRIu64,
				     (int)label.len, label.ptr,
				     key_process(&snapshot.symbols, key[1]).pid, g->processes,
				     g->mappings, g->counters.bytes[COUNTER_RSS]) > 0);
	}
	qsort(lines, count, sizeof(*lines), by_text);
	for (uint32_t i = 0; i < count; i++) {
		fprintf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
	for (size_t i = 0; i < snapshot.problems.count; i++)
		fprintf(out, "%s\n", snapshot.problems.list[i].text);
	for (size_t i = 0; i < snapshot.verification.count; i++)
		fprintf(out, "%d %d\n",
			key_process(&snapshot.symbols, snapshot.verification.differences[i].process)
				.pid,
			snapshot.verification.differences[i].difference.counter);
	fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", snapshot.coverage.seen,
		snapshot.totals.mappings, snapshot.totals.processes,
		snapshot.totals.counters.bytes[COUNTER_RSS]);
	fclose(out);
	return text;
}

TEST(any_number_of_threads)
{
	char *one = NULL;

	for (int pid = 1; pid <= 60; pid++) {
		char path[40], text[2000];

		snprintf(path, sizeof(path), "%d/smaps", pid);
		/* MAPPING contains the size twice. */
		snprintf(text, sizeof(text),
			 MAPPING("1-2", "[heap]", "%d") MAPPING("2-3", "[anon:p%d]", "%d") "%s",
			 pid, pid, pid, pid % 7, pid % 7, pid % 10 == 3 ? "?\n" : "");
		tree_write(root, path, slice_of(text));
		snprintf(path, sizeof(path), "%d/smaps_rollup", pid);
		if (pid % 4)
			tree_write(root, path, SLICE(ROLLUP("5")));
	}
	options.by = (struct grouping){.keys = {KEY_LABEL, KEY_PROCESS}, .count = 2};
	options.verify = true;
	for (unsigned jobs = 1; jobs <= 8; jobs *= 2) {
		char *text;

		options.jobs = jobs;
		read_tree();
		text = describe();
		if (!one)
			one = strdup(text);
		assert_string_equal(text, one);
		free(text);
		snapshot_free(&snapshot);
	}
	free(one);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(two_processes),
		TREE_TEST(half_a_process_is_none),
		TREE_TEST(guesses_of_the_last_mapping),
		TREE_TEST(nothing_read),
		TREE_TEST(nothing_wanted),
		TREE_TEST(unwanted_between_wanted),
		TREE_TEST(swapped_shared_memory),
		TREE_TEST(verified),
		TREE_TEST(verified_though_not_all_is_wanted),
		TREE_TEST(a_sum_that_does_not_fit),
		TREE_TEST(any_number_of_threads),
	};

	return RUN(tests);
}
