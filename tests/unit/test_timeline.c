/* timeline: lines through the chosen instants say what there was, with all peaks and lows. */
#include "support.h"

#include "model/timeline.h"

enum { COUNT = 2000, TRACKS = 3, STEP = 10000, MIB = 1 << 20 };

static struct timeline made;
static size_t kept[COUNT];

static int set_up(void **state)
{
	(void)state;
	made = (struct timeline){.count = COUNT, .track_count = TRACKS};
	made.instants = calloc(COUNT, sizeof(*made.instants));
	made.tracks = calloc(TRACKS, sizeof(*made.tracks));
	assert_true(made.instants && made.tracks);
	for (size_t t = 0; t < TRACKS; t++) {
		made.tracks[t].values = calloc(COUNT, sizeof(uint64_t));
		assert_non_null(made.tracks[t].values);
	}
	for (size_t i = 0; i < COUNT; i++) {
		made.instants[i].time_ms = 1000 + i * STEP;
		made.tracks[0].values[i] = i * MIB;
		made.tracks[1].values[i] = 40 * MIB + (i * 7919 % 13) * 1000;
		made.tracks[2].values[i] = i == 777 ? 500 * MIB : i == 1500 ? 0 : 9 * MIB;
		for (size_t t = 0; t < TRACKS; t++)
			made.instants[i].total += made.tracks[t].values[i];
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	timeline_free(&made);
	return 0;
}

static bool is_kept(size_t instant, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (kept[i] == instant)
			return true;
	}
	return false;
}

/* How far a value is from the line between the instants that are kept on either side. */
static double off_at(const uint64_t *values, size_t instant, size_t count)
{
	size_t after = 0;
	double share, from, to, off;

	while (after + 1 < count && kept[after] < instant)
		after++;
	if (after == 0 || kept[after] == instant)
		return 0;
	share = (double)(instant - kept[after - 1]) / (double)(kept[after] - kept[after - 1]);
	from = (double)values[kept[after - 1]];
	to = (double)values[kept[after]];
	off = (double)values[instant] - from - share * (to - from);
	return off < 0 ? -off : off;
}

TEST(extremes)
{
	uint64_t off;
	size_t count = timeline_choose(&made, 60, kept, &off);

	assert_true(count <= 60);
	for (size_t i = 1; i < count; i++)
		assert_true(kept[i] > kept[i - 1]);
	assert_true(is_kept(0, count) && is_kept(COUNT - 1, count));
	assert_true(is_kept(777, count) && is_kept(1500, count));
}

/* What is said of the lines is true, and not more than needed. */
TEST(distance)
{
	uint64_t off;
	size_t count = timeline_choose(&made, 60, kept, &off);
	double worst = 0;

	for (size_t t = 0; t < TRACKS; t++) {
		for (size_t i = 0; i < COUNT; i++) {
			double here = off_at(made.tracks[t].values, i, count);

			worst = here > worst ? here : worst;
		}
	}
	assert_true(worst <= (double)off + 1);
	assert_true(off < 24000);
}

TEST(all)
{
	uint64_t off;

	made.count = 20;
	assert_true(timeline_choose(&made, 60, kept, &off) <= 20);
	assert_int_equal(off, 0);
	made.count = 1;
	assert_int_equal(timeline_choose(&made, 60, kept, &off), 1);
	assert_int_equal(kept[0], 0);
}

TEST(gaps)
{
	uint64_t off;
	size_t count;

	made.instants[300].after_gap = true;
	for (size_t i = 1000; i < COUNT; i++)
		made.instants[i].after_gap = true;
	count = timeline_choose(&made, 60, kept, &off);
	assert_true(count <= 60);
	assert_true(is_kept(299, count) && is_kept(300, count));
	assert_true(is_kept(777, count));
}

/* An unknown value is drawn like none. */
TEST(unknown)
{
	uint64_t off;
	size_t count;

	made.tracks[1].values[50] = TIMELINE_UNKNOWN;
	count = timeline_choose(&made, 60, kept, &off);
	assert_true(is_kept(50, count));
}

#define TIMELINE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIMELINE_TEST(extremes), TIMELINE_TEST(distance), TIMELINE_TEST(all),
		TIMELINE_TEST(gaps),	 TIMELINE_TEST(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
