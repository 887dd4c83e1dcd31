/* stacks: rows add up by one key; what is unknown of one of them is unknown of their sum. */
#include "support.h"

#include "recording/stacks.h"

static const struct grouping by = {.keys = {KEY_NAME, KEY_LABEL}, .count = 2};
static struct snapshot snapshot;
static struct timeline timeline;
static struct stacks stacks;

static void add_row(const char *name, const char *label)
{
	symbol key[2] = {intern(&snapshot.symbols, slice_of(name)),
			 key_intern_label(&snapshot.symbols, ORIGIN_KERNEL, slice_of(label))};

	assert_non_null(aggregate_group(&snapshot.groups, key));
}

static int set_up(void **state)
{
	(void)state;
	snapshot_init(&snapshot, SOURCE_RECORDING, &by);
	timeline = (struct timeline){.count = 2};
	add_row("redis", "[heap]");
	add_row("redis", "[anon]");
	add_row("nginx", "[heap]");
	stacks_init(&stacks, &snapshot);
	assert_true(stacks_learn(&stacks));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stacks_free(&stacks);
	timeline_free(&timeline);
	snapshot_free(&snapshot);
	return 0;
}

/* Of three rows at an instant; the last may be unknown. */
static void note(size_t at, bool last_known)
{
	stacks_clear(&stacks);
	stacks_add(&stacks, 0, true, 100);
	stacks_add(&stacks, 1, true, 20 + at);
	stacks_add(&stacks, 2, last_known, last_known ? 3 : 0);
	stacks_note(&stacks, at);
}

static void note_all(void)
{
	note(0, true);
	note(1, false);
}

TEST(sums)
{
	const struct track *names = timeline.stacks[0].tracks, *labels = timeline.stacks[1].tracks;

	note_all();
	assert_true(stacks_choose(&stacks, &timeline));
	note_all();
	assert_int_equal(timeline.stacks[0].count, 2);
	assert_int_equal(timeline.stacks[1].count, 2);
	assert_int_equal(names[0].values[0], 120);
	assert_int_equal(names[0].values[1], 121);
	assert_int_equal(names[0].peak, 121);
	assert_int_equal(names[0].peak_at, 1);
	assert_int_equal(names[1].values[0], 3);
	assert_int_equal(labels[0].values[0], 103);
	assert_int_equal(labels[1].values[1], 21);
}

TEST(unknown)
{
	const struct track *names = timeline.stacks[0].tracks, *labels = timeline.stacks[1].tracks;

	note_all();
	assert_true(stacks_choose(&stacks, &timeline));
	note_all();
	assert_true(names[1].values[1] == TIMELINE_UNKNOWN);
	assert_true(labels[0].values[1] == TIMELINE_UNKNOWN);
	assert_int_equal(labels[1].values[0], 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sums, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
