/* player, timeline, recorded: going through a recording shows what a report of each sample says. */
#include "support.h"

#include "../recording/samples.h"
#include "model/translate.h"
#include "recording/asked.h"
#include "recording/player.h"
#include "recording/seek.h"
#include "watch/recorded.h"
#include "watch/view.h"

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS, GAP = 50, ALL = 100 };

static char *root, *path;
static struct samples made;
static struct error error;
static struct recording *recording;
static struct player *player;
static struct run_facts facts;

static struct writer *open_writer(const char *boot, const struct grouping *by)
{
	static const struct recording_limits limits = {.tiers = {.count = 0}};
	struct writer *w;

	facts = (struct run_facts){.version = "0.1.0",
				   .host = "here",
				   .kernel = "6.18",
				   .boot_id = boot,
				   .page_size = 4096,
				   .by = by,
				   .options = ""};
	w = writer_open(path, &limits, &facts, &error);
	if (!w)
		fail_msg("%s", error.text);
	return w;
}

/* Leaks, comes and goes; two programs with the same label. */
static void add(struct writer *w, unsigned i)
{
	struct group *g;

	samples_put(&made, SLICE("leak"), SLICE("/a"), SLICE("[heap]"), 2, 1000 + 10 * i);
	samples_put(&made, SLICE("leak"), SLICE("/a"), SLICE("[stack]"), 3, 132);
	samples_put(&made, SLICE("rest"), SLICE("/b"), SLICE("[heap]"), 1, 5000);
	if (i % 10 < 3)
		samples_put(&made, SLICE("job"), SLICE("/b"), SLICE("[heap]"), 4, 700);
	g = samples_put(&made, SLICE("odd"), SLICE("/b"), SLICE("[shm]"), 1, 40);
	if (i % 7 == 0)
		g->counters.known &= ~COUNTER_BIT(COUNTER_PSS);
	if (samples_add(&made, w) != WRITING_DONE)
		fail_msg("%s", made.error.text);
}

static int set_up(void **state)
{
	const struct recall everything = {.by = {.count = 0}};
	struct writer *w;

	(void)state;
	root = tree_make();
	path = tree_path(root, "r.db");
	samples_init(&made, &samples_by_name);
	w = open_writer("boot-1", &made.by);
	for (unsigned i = 0; i < ALL; i++) {
		if (i == GAP) {
			made.time_ms += HOUR_MS;
			made.uptime_ms += HOUR_MS;
		}
		add(w, i);
	}
	writer_close(w);
	made.time_ms += MINUTE_MS;
	made.uptime_ms = MINUTE_MS;
	w = open_writer("boot-2", &made.by);
	for (unsigned i = 0; i < 3; i++)
		add(w, i);
	writer_close(w);
	recording = recording_open(path, &error);
	player = recording ? player_new(recording, &everything) : NULL;
	return player ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	player_free(player);
	recording_close(recording);
	samples_free(&made);
	free(path);
	tree_remove(root);
	return 0;
}

static struct sample number(uint64_t n)
{
	struct sample s;

	assert_int_equal(seek_number(recording, n, &s, &error), 1);
	return s;
}

/* What a report of the same sample says. */
static void report(uint64_t n, const struct grouping *by, struct snapshot *s)
{
	const struct recall what = {.by = *by};
	struct recording *r = recording_open(path, &error);

	r->sample = number(n);
	if (recording_read(r, &what, s, &error) < 0)
		fail_msg("%s", error.text);
	recording_close(r);
}

static void same_group(const struct group *a, const struct group *b)
{
	assert_non_null(b);
	assert_int_equal(a->processes, b->processes);
	assert_int_equal(a->mappings, b->mappings);
	assert_int_equal(a->counters.known, b->counters.known);
	assert_memory_equal(a->counters.bytes, b->counters.bytes, sizeof(a->counters.bytes));
}

/* Rows that are gone are shown once more, without processes. */
static uint32_t count_there(const struct snapshot *s)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++)
		count += s->trends[i].state != TREND_GONE;
	return count;
}

static void same_as_report(const struct view *v, uint64_t n)
{
	const struct snapshot *shown = &v->snapshot;
	struct snapshot s = {0};

	report(n, &v->by, &s);
	assert_int_equal(shown->sample, n);
	assert_int_equal(count_there(shown), aggregate_count(&s.groups));
	for (uint32_t i = 0; i < aggregate_count(&s.groups); i++) {
		symbol key[KEY_COUNT];

		memcpy(key, aggregate_key(&s.groups, i), s.by.count * sizeof(*key));
		assert_true(translate_known_key(&s.symbols, &shown->symbols, &s.by, key));
		same_group(&s.groups.groups[i], aggregate_find(&shown->groups, key));
	}
	same_group(&s.totals, &shown->totals);
	assert_int_equal(s.processes_at_least, shown->processes_at_least);
	assert_int_equal(s.machine.time.tv_sec, shown->machine.time.tv_sec);
	assert_int_equal(s.coverage.by_outcome[OUTCOME_READ],
			 shown->coverage.by_outcome[OUTCOME_READ]);
	snapshot_free(&s);
}

/* A watch of the recording at a sample. */
static struct watch *watch_at(struct recorded *r, uint64_t n)
{
	const struct watch_options options = {.budget_ns = 0};
	struct sample s = number(n);
	struct watch *w;

	*r = (struct recorded){.player = player};
	assert_int_equal(player_seek(player, &s, &error), 0);
	w = recorded_watch(r, &options, &error);
	if (!w)
		fail_msg("%s", error.text);
	return w;
}

static void go(struct recorded *r, struct watch *w, uint64_t n)
{
	struct sample s = number(n);

	assert_int_equal(player_seek(player, &s, &error), 0);
	assert_int_equal(recorded_show(r, w, &error), 0);
}

static void every_sample_is_as_in_a_report(void **state)
{
	static const struct grouping by[] = {
		{.keys = {KEY_LABEL}, .count = 1},
		{.keys = {KEY_NAME}, .count = 1},
		{.keys = {KEY_NAME, KEY_LABEL}, .count = 2},
		{.keys = {KEY_CGROUP}, .count = 1},
	};
	struct recorded r;
	struct watch *w;

	(void)state;
	for (size_t i = 0; i < sizeof(by) / sizeof(*by); i++) {
		struct view v;

		w = watch_at(&r, 1);
		view_init(&v, &by[i]);
		for (uint64_t n = 1; n <= ALL + 3; n++) {
			if (n > 1)
				assert_int_equal(recorded_next(&r, w, &error), 1);
			assert_int_equal(view_update(&v, w, &error), 0);
			same_as_report(&v, n);
		}
		assert_int_equal(recorded_next(&r, w, &error), 0);
		for (uint64_t n = ALL + 3; n > 0; n -= n > 9 ? 9 : n) {
			go(&r, w, n);
			assert_int_equal(view_update(&v, w, &error), 0);
			same_as_report(&v, n);
		}
		view_free(&v);
		watch_free(w);
	}
}

static const struct trend *trend_of(const struct view *v, const char *name)
{
	symbol key = intern_find(&v->snapshot.symbols, slice_of(name));
	const struct group *g = aggregate_find(&v->snapshot.groups, &key);

	assert_non_null(g);
	return &v->snapshot.trends[g - v->snapshot.groups.groups];
}

static void changes_are_since_the_sample_before(void **state)
{
	const struct grouping by = {.keys = {KEY_NAME}, .count = 1};
	const uint64_t places[] = {30, 31, 2, 90, 3};
	struct recorded r;
	struct watch *w = watch_at(&r, 40);
	struct view v;

	(void)state;
	view_init(&v, &by);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct trend *t;

		go(&r, w, places[i]);
		assert_int_equal(view_update(&v, w, &error), 0);
		t = trend_of(&v, "leak");
		assert_true(t->change_known && t->growth_known);
		assert_int_equal(t->change, 10 << 10);
		assert_int_equal(t->growth, (int64_t)(places[i] - 1) * (10 << 10));
		assert_int_equal(t->history_count,
				 places[i] > 80 ? HISTORY_MAX : (places[i] > 32 ? 32 : places[i]));
		assert_int_equal(t->history[t->history_count - 1] - t->history[0],
				 (uint64_t)(t->history_count - 1) * (10 << 10));
		t = trend_of(&v, "rest");
		assert_int_equal(t->change, 0);
		assert_int_equal(t->state, TREND_KEPT);
	}
	view_free(&v);
	watch_free(w);
}

static void a_gap_and_a_boot_are_no_change(void **state)
{
	const struct grouping by = {.keys = {KEY_NAME}, .count = 1};
	const uint64_t after[] = {GAP + 1, ALL + 1};
	struct recorded r;
	struct watch *w = watch_at(&r, 1);
	struct view v;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct trend *t;

		for (int next = 0; next < 2; next++) {
			view_init(&v, &by);
			go(&r, w, next ? after[i] - 1 : after[i]);
			if (next)
				assert_int_equal(recorded_next(&r, w, &error), 1);
			assert_int_equal(view_update(&v, w, &error), 0);
			t = trend_of(&v, "leak");
			assert_false(t->change_known);
			assert_true(t->growth_known);
			assert_int_equal(t->history_count, 1);
			assert_int_equal(r.gap.rebooted, i == 1);
			assert_true(r.gap.ms > 3 * made.span_ms);
			assert_int_equal(r.index, after[i]);
			assert_int_equal(r.count, ALL + 3);
			view_free(&v);
		}
	}
	watch_free(w);
}

static void growth_counts_from_the_mark(void **state)
{
	const struct grouping by = {.keys = {KEY_NAME}, .count = 1};
	struct recorded r;
	struct watch *w = watch_at(&r, 20);
	struct view v;

	(void)state;
	view_init(&v, &by);
	assert_true(recorded_mark(&r, w));
	go(&r, w, 10);
	assert_int_equal(view_update(&v, w, &error), 0);
	assert_int_equal(trend_of(&v, "leak")->growth, -10 * (10 << 10));
	go(&r, w, 45);
	assert_int_equal(view_update(&v, w, &error), 0);
	assert_int_equal(trend_of(&v, "leak")->growth, 25 * (10 << 10));
	assert_int_equal(r.mark, 20);
	view_free(&v);
	watch_free(w);
}

static uint64_t from(uint64_t n, int (*find)(const struct sample *, struct sample *))
{
	struct sample begin = number(n), found;
	int status = find(&begin, &found);

	assert_true(status >= 0);
	return status ? found.number : 0;
}

static int minute_back(const struct sample *s, struct sample *found)
{
	return seek_move(recording, s, BACK, MINUTE_MS, found, &error);
}

static int minute_forth(const struct sample *s, struct sample *found)
{
	return seek_move(recording, s, FORTH, MINUTE_MS, found, &error);
}

static int mark_back(const struct sample *s, struct sample *found)
{
	return seek_mark(recording, s, BACK, 20, found, &error);
}

static int mark_forth(const struct sample *s, struct sample *found)
{
	return seek_mark(recording, s, FORTH, 20, found, &error);
}

static void time_is_gone_through(void **state)
{
	(void)state;
	assert_int_equal(from(30, minute_back), 24);
	assert_int_equal(from(30, minute_forth), 36);
	assert_int_equal(from(3, minute_back), 1);
	assert_int_equal(from(1, minute_back), 0);
	/* Over the gap, there is one step at least. */
	assert_int_equal(from(GAP, minute_forth), GAP + 1);
	assert_int_equal(from(GAP + 1, minute_back), GAP);
	assert_int_equal(from(ALL + 3, minute_forth), 0);
	assert_int_equal(from(ALL + 3, mark_back), ALL + 1);
	assert_int_equal(from(ALL + 1, mark_back), GAP + 1);
	assert_int_equal(from(GAP + 1, mark_back), 20);
	assert_int_equal(from(20, mark_back), 1);
	assert_int_equal(from(1, mark_back), 0);
	assert_int_equal(from(1, mark_forth), 20);
	assert_int_equal(from(20, mark_forth), GAP + 1);
	assert_int_equal(from(GAP + 1, mark_forth), ALL + 1);
	assert_int_equal(from(ALL + 1, mark_forth), 0);
}

struct sums {
	unsigned place;
	symbol wanted;
	uint64_t count;
};

static bool is_wanted(void *ctx, const symbol *key)
{
	const struct sums *s = ctx;

	return key[s->place] == s->wanted;
}

static bool is_leak(void *ctx, const struct sample *sample, bool known, uint64_t bytes)
{
	struct sums *s = ctx;
	uint64_t i = sample->number > ALL ? sample->number - ALL - 1 : sample->number - 1;

	s->count++;
	assert_int_equal(sample->number, s->count);
	assert_true(known);
	assert_int_equal(bytes, (1000 + 10 * i + 132) << 10);
	return true;
}

static bool is_odd(void *ctx, const struct sample *sample, bool known, uint64_t bytes)
{
	struct sums *s = ctx;

	(void)known;
	assert_int_equal(bytes, 40 << 10); /* PSS or RSS */
	s->count = sample->number;
	return sample->number < 60;
}

static void a_row_is_followed_over_the_whole_time(void **state)
{
	struct intern symbols;
	struct sums sums = {.count = 0};
	struct scan scan = {is_wanted, is_leak, &sums, &symbols};
	struct sample s = number(1);

	(void)state;
	intern_init(&symbols);
	assert_int_equal(player_seek(player, &s, &error), 0);
	sums.place = grouping_find(player_keys(player), KEY_NAME);
	sums.wanted = intern(&symbols, SLICE("leak"));
	assert_int_equal(player_scan(player, &scan, &error), 0);
	assert_int_equal(sums.count, ALL + 3);
	sums.wanted = intern(&symbols, SLICE("odd"));
	scan.end = is_odd;
	assert_int_equal(player_scan(player, &scan, &error), 0);
	assert_int_equal(sums.count, 60);
	intern_free(&symbols);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(every_sample_is_as_in_a_report), WITH(changes_are_since_the_sample_before),
		WITH(a_gap_and_a_boot_are_no_change), WITH(growth_counts_from_the_mark),
		WITH(time_is_gone_through),	      WITH(a_row_is_followed_over_the_whole_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
