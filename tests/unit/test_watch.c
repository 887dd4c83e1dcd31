/* watch and view: a tree that changes between refreshes, and what is reported. */
#include "support.h"

#include "watch/view.h"

#include <inttypes.h>

#define MAPPING(range, name, kb)                                                                   \
	range " rw-p 00000000 00:00 0 " name "\nSize: 8 kB\nRss: " kb " kB\nPss: " kb              \
	      " kB\nSwap: 0 kB\n"

static char *root;
static struct watch *watch;
static struct view view;
static struct grouping by;

/* `more` are the fields of stat behind the resident memory. */
static void write_stat(int pid, const char *name, int start, int ticks, const char *more)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (%s) S 1 1 1 0 -1 4194304 9 0 0 0 %d 0 0 0 20 0 1 0 %d 40960 5%s\n", pid, name,
		 ticks, start, more);
	tree_write(root, path, slice_of(text));
}

static void write_process(int pid, const char *name, int start, int ticks, const char *smaps)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/smaps", pid);
	tree_write(root, path, slice_of(smaps));
	write_stat(pid, name, start, ticks, "");
}

/* One that was forked, or not, has the same signs as its relatives. */
static void write_relative(int pid, const char *name, int signs, const char *smaps)
{
	char more[64];

	write_process(pid, name, 10, 0, smaps);
	snprintf(more, sizeof(more), " 99 %d 5000 %d", signs, signs);
	write_stat(pid, name, 10, 0, more);
}

/* A process that has ended, but is still there. */
static void end_process(int pid, const char *name)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "%d/smaps", pid);
	tree_write(root, path, SLICE(""));
	snprintf(path, sizeof(path), "%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (%s) Z 1 1 1 0 -1 4194304 9 0 0 0 1 0 0 0 20 0 1 0 10 0 0\n", pid, name);
	tree_write(root, path, slice_of(text));
}

static void watch_by_within(enum key key, uint64_t budget_ns)
{
	struct watch_options options = {.collecting = {.jobs = 1}, .budget_ns = budget_ns};

	by = (struct grouping){.keys = {key}, .count = 1};
	options.collecting.by =
		(struct grouping){.keys = {KEY_LABEL, KEY_KIND, KEY_PROCESS, KEY_NAME}, .count = 4};
	watch = watch_new(&options);
	assert_non_null(watch);
	view_init(&view, &by);
}

static void watch_by(enum key key)
{
	watch_by_within(key, 0);
}

static int set_up(void **state)
{
	(void)state;
	root = tree_make();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	view_free(&view);
	watch_free(watch);
	watch = NULL;
	tree_remove(root);
	return 0;
}

static void refresh_watch(void)
{
	struct error e = {.code = ERROR_NONE};
	struct source *s = source_open_proc(root, NULL, 0, &e);

	assert_non_null(s);
	assert_int_equal(watch_refresh(watch, s, &e), 0);
	source_close(s);
}

static void refresh(void)
{
	struct error e = {.code = ERROR_NONE};

	refresh_watch();
	assert_int_equal(view_update(&view, watch, &e), 0);
}

/* The row of a process or a label, by its name; -1 if there is none. */
static int row_of(const char *name)
{
	const struct snapshot *s = &view.snapshot;

	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++) {
		symbol key = aggregate_key(&s->groups, i)[0];
		enum origin origin;
		struct slice text = view.by.keys[0] == KEY_PROCESS
					    ? key_process(&s->symbols, key).name
					    : key_label(&s->symbols, key, &origin);

		if (slice_equals(text, slice_of(name)))
			return (int)i;
	}
	return -1;
}

static const struct trend *trend_of(const char *name)
{
	int row = row_of(name);

	assert_true(row >= 0);
	return &view.snapshot.trends[row];
}

static uint64_t pss_of(const char *name)
{
	int row = row_of(name);

	assert_true(row >= 0);
	return view.snapshot.groups.groups[row].counters.bytes[COUNTER_PSS] / 1024;
}

TEST(grows)
{
	const struct trend *totals;

	watch_by(KEY_PROCESS);
	write_process(1, "idle", 10, 0, MAPPING("1-2", "[heap]", "4"));
	write_process(2, "leaks", 11, 0, MAPPING("1-2", "[heap]", "8"));
	refresh();
	assert_int_equal(trend_of("leaks")->state, TREND_READ);
	assert_int_equal(trend_of("leaks")->change, 0);
	write_process(2, "leaks", 11, 1, MAPPING("1-2", "[heap]", "24"));
	refresh();
	assert_int_equal(trend_of("idle")->state, TREND_KEPT);
	assert_int_equal(trend_of("leaks")->state, TREND_READ);
	assert_int_equal(trend_of("leaks")->change, 16 * 1024);
	write_process(2, "leaks", 11, 2, MAPPING("1-2", "[heap]", "20"));
	refresh();
	assert_int_equal(trend_of("leaks")->change, -4 * 1024);
	assert_int_equal(trend_of("leaks")->growth, 12 * 1024);
	assert_int_equal(trend_of("leaks")->history_count, 3);
	assert_int_equal(trend_of("leaks")->history[1], 24 * 1024);
	totals = &view.snapshot.trends[aggregate_count(&view.snapshot.groups)];
	assert_int_equal(totals->growth, 12 * 1024);
	assert_int_equal(totals->history[0], 12 * 1024);
}

TEST(what_did_nothing_is_kept)
{
	watch_by(KEY_PROCESS);
	write_process(1, "idle", 10, 0, MAPPING("1-2", "[heap]", "4"));
	write_process(2, "other", 10, 0, MAPPING("1-2", "[heap]", "4"));
	write_process(3, "third", 10, 0, MAPPING("1-2", "[heap]", "4"));
	refresh();
	/* Only its smaps changes, which is not read until it has its turn. */
	tree_write(root, "3/smaps", SLICE(MAPPING("1-2", "[heap]", "64")));
	refresh();
	assert_int_equal(pss_of("third"), 4);
	assert_int_equal(watch->kept, 3);
	for (int i = 1; i < TURN - 1; i++)
		refresh();
	assert_int_equal(pss_of("third"), 4);
	refresh();
	assert_int_equal(pss_of("third"), 64);
}

#define SHARED_BY_TWO  MAPPING("1-2", "[heap]", "32")
#define SHARED_BY_NONE MAPPING("1-2", "[heap]", "64")

/* When a child begins or ends, its parent has a smaller or larger share of their pages. */
TEST(relatives_of_what_begins_and_ends_are_read)
{
	watch_by(KEY_PROCESS);
	write_relative(1, "parent", 700, SHARED_BY_NONE);
	write_relative(3, "stranger", 800, SHARED_BY_NONE);
	refresh();
	write_relative(1, "parent", 700, SHARED_BY_TWO);
	write_relative(2, "child", 700, SHARED_BY_TWO);
	write_relative(3, "stranger", 800, SHARED_BY_TWO);
	refresh();
	assert_int_equal(pss_of("parent"), 32);
	assert_int_equal(trend_of("parent")->state, TREND_READ);
	assert_int_equal(trend_of("stranger")->state, TREND_KEPT);
	refresh();
	assert_int_equal(watch->kept, 3);
	write_relative(1, "parent", 700, SHARED_BY_NONE);
	end_process(2, "child");
	refresh();
	assert_int_equal(pss_of("parent"), 64);
	assert_int_equal(trend_of("stranger")->state, TREND_KEPT);
}

/* A child that executes another program does not share any more. */
TEST(relatives_of_what_executes_are_read)
{
	watch_by(KEY_PROCESS);
	write_relative(1, "parent", 700, SHARED_BY_TWO);
	write_relative(2, "child", 700, SHARED_BY_TWO);
	refresh();
	write_relative(1, "parent", 700, SHARED_BY_NONE);
	write_relative(2, "child", 900, SHARED_BY_NONE);
	refresh();
	assert_int_equal(pss_of("parent"), 64);
	assert_int_equal(pss_of("child"), 64);
}

/* If the budget is too small for all of them, the others come next. */
TEST(relatives_within_a_budget)
{
	enum { PROCESSES = 5 };

	watch_by_within(KEY_PROCESS, 1);
	for (int pid = 1; pid <= PROCESSES; pid++)
		write_relative(pid, "idle", 700, SHARED_BY_TWO);
	refresh();
	end_process(PROCESSES, "idle");
	for (int i = 1; i < PROCESSES; i++) {
		refresh();
		assert_int_equal(watch->kept, PROCESSES - 2);
		assert_int_equal(watch->now.processes[i - 1]->read_at, watch->refresh);
	}
	refresh();
	assert_int_equal(watch->kept, PROCESSES - 1);
}

static bool has_group(const char *path)
{
	const struct snapshot *s = &view.snapshot;
	bool has = false;

	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++)
		has |= slice_equals(intern_bytes(&s->symbols, aggregate_key(&s->groups, i)[0]),
				    slice_of(path)) &&
		       s->groups.groups[i].processes > 0;
	return has;
}

/* A process can be moved while it sleeps. */
TEST(moved_to_another_control_group)
{
	enum { TURN_OF_CGROUPS = 20 };
	int refreshes = 0;

	watch_by(KEY_CGROUP);
	watch->options.collecting.by.keys[watch->options.collecting.by.count++] = KEY_CGROUP;
	write_process(1, "idle", 10, 0, MAPPING("1-2", "[heap]", "4"));
	tree_write(root, "1/cgroup", SLICE("0::/before\n"));
	refresh();
	assert_true(has_group("/before"));
	tree_write(root, "1/cgroup", SLICE("0::/after\n"));
	refresh();
	assert_true(has_group("/after"));
	assert_false(has_group("/before"));
	refresh();
	assert_int_equal(watch->kept, 1);
	/* As long as nobody sees them, control groups have turns. */
	watch->shows_cgroups = false;
	tree_write(root, "1/cgroup", SLICE("0::/later\n"));
	do
		refresh_watch();
	while (watch->kept > 0 && ++refreshes <= TURN_OF_CGROUPS);
	assert_in_range(refreshes, 1, TURN_OF_CGROUPS);
}

/* Reading a process that held its reader up may take five seconds again. */
TEST(what_timed_out_is_spared)
{
	watch_by(KEY_PROCESS);
	watch->options.spares = true;
	write_process(1, "stuck", 10, 0, MAPPING("1-2", "[heap]", "4"));
	refresh();
	watch->now.processes[0]->record->outcome = OUTCOME_TRUNCATED;
	watch->now.processes[0]->record->how = HOW_BIT(HOW_TIMED_OUT);
	refresh();
	assert_int_equal(watch->now.processes[0]->record->how, HOW_BIT(HOW_TIMED_OUT));
	write_process(1, "stuck", 10, 1, MAPPING("1-2", "[heap]", "4"));
	refresh();
	assert_int_equal(watch->now.processes[0]->record->outcome, OUTCOME_READ);
}

/* The process read last has its turn last, and none is left out. */
TEST(all_have_their_turn)
{
	enum { PROCESSES = 2 * TURN + 7 };
	uint64_t read = 0;

	watch_by(KEY_LABEL);
	for (int pid = 1; pid <= PROCESSES; pid++)
		write_process(pid, "idle", 10, 0, MAPPING("1-2", "[heap]", "4"));
	refresh_watch();
	for (int i = 0; i < TURN; i++) {
		refresh_watch();
		assert_in_range(PROCESSES - watch->kept, PROCESSES / TURN, PROCESSES / TURN + 1);
		read += PROCESSES - watch->kept;
		/* A process that did something is read as well, and goes to the end of the
		 * queue. */
		write_process(PROCESSES + 1, "busy", 10, i, MAPPING("1-2", "[heap]", "4"));
	}
	assert_in_range(read, PROCESSES, PROCESSES + 1);
	for (size_t i = 0; i < PROCESSES; i++)
		assert_true(watch->now.processes[i]->read_at > 1);
}

/* The budget limits how many idle processes are read, except for the first. */
TEST(turns_within_a_budget)
{
	enum { PROCESSES = 4 * TURN, US = 1000 };
	static const struct {
		uint64_t budget_ns, read;
	} rows[] = {{0, 4}, {1, 1}, {150 * US, 2}, {10000 * US, 4}};

	for (int pid = 1; pid <= PROCESSES; pid++)
		write_process(pid, "idle", 10, 0, MAPPING("1-2", "[heap]", "4"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		watch_by_within(KEY_LABEL, rows[i].budget_ns);
		refresh_watch();
		for (int k = 0; k < 3; k++) {
			refresh_watch();
			assert_int_equal(PROCESSES - watch->kept, rows[i].read);
		}
		view_free(&view);
		watch_free(watch);
		watch = NULL;
	}
	view_init(&view, &by);
}

/* A large process uses up the time of those after it. */
TEST(the_large_take_longer)
{
	enum { PROCESSES = 3 * TURN, MS = 1000000 };

	for (int pid = 1; pid <= PROCESSES; pid++)
		write_process(pid, "idle", 10, 0,
			      pid == 2 ? MAPPING("1-2", "[heap]", "4000000")
				       : MAPPING("1-2", "[heap]", "4"));
	watch_by_within(KEY_LABEL, 5 * MS);
	refresh_watch();
	refresh_watch();
	assert_int_equal(PROCESSES - watch->kept, 1); /* the second would take too long, */
	refresh_watch();
	assert_int_equal(PROCESSES - watch->kept, 1); /* so it comes first, alone */
	assert_int_equal(watch->now.processes[1]->read_at, 3);
	refresh_watch();
	assert_int_equal(PROCESSES - watch->kept, 3);
}

TEST(without_stat_all_is_read)
{
	watch_by(KEY_PROCESS);
	tree_write(root, "1/smaps", SLICE(MAPPING("1-2", "[heap]", "4")));
	tree_write(root, "1/comm", SLICE("one\n"));
	refresh();
	tree_write(root, "1/smaps", SLICE(MAPPING("1-2", "[heap]", "8")));
	refresh();
	assert_int_equal(watch->kept, 0);
	assert_int_equal(pss_of("one"), 8);
}

TEST(comes_and_goes)
{
	watch_by(KEY_PROCESS);
	write_process(1, "stays", 10, 0, MAPPING("1-2", "[heap]", "4"));
	write_process(2, "goes", 10, 0, MAPPING("1-2", "[heap]", "8"));
	refresh();
	write_process(2, "goes", 10, 1, "");
	write_process(3, "comes", 20, 0, MAPPING("1-2", "[heap]", "16"));
	refresh();
	assert_int_equal(trend_of("comes")->state, TREND_NEW);
	assert_int_equal(trend_of("comes")->change, 16 * 1024);
	assert_int_equal(trend_of("goes")->state, TREND_GONE);
	assert_int_equal(trend_of("goes")->change, -8 * 1024);
	assert_int_equal(pss_of("goes"), 0);
	assert_int_equal(view.snapshot.totals.processes, 2);
	refresh();
	assert_int_equal(row_of("goes"), -1);
	assert_int_not_equal(trend_of("comes")->state, TREND_NEW);
	assert_int_equal(trend_of("comes")->growth, 16 * 1024);
}

TEST(is_replaced)
{
	watch_by(KEY_PROCESS);
	write_process(7, "before", 10, 0, MAPPING("1-2", "[heap]", "4"));
	refresh();
	write_process(7, "after", 99, 0, MAPPING("1-2", "[heap]", "4"));
	refresh();
	assert_int_equal(row_of("before"), -1);
	assert_int_equal(trend_of("after")->state, TREND_REPLACED);
}

static const struct trend *trend_of_label(const char *label)
{
	const struct snapshot *s = &view.snapshot;

	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++) {
		enum origin origin;

		if (slice_equals(key_label(&s->symbols, aggregate_key(&s->groups, i)[1], &origin),
				 slice_of(label)))
			return &s->trends[i];
	}
	fail_msg("there is no %s", label);
	return NULL;
}

/* The same process with other memory is not another process. */
TEST(is_not_replaced)
{
	watch_by(KEY_PROCESS);
	view.by = (struct grouping){.keys = {KEY_PROCESS, KEY_LABEL}, .count = 2};
	write_process(7, "same", 10, 0, MAPPING("1-2", "[anon:old]", "4"));
	write_process(8, "before", 10, 0, MAPPING("1-2", "[anon:before]", "4"));
	refresh();
	write_process(7, "same", 10, 1, MAPPING("1-2", "[anon:new]", "4"));
	write_process(8, "after", 99, 0, MAPPING("1-2", "[anon:after]", "4"));
	refresh();
	assert_int_equal(trend_of_label("[anon:old]")->state, TREND_GONE);
	assert_int_equal(trend_of_label("[anon:new]")->state, TREND_NEW);
	assert_int_equal(trend_of_label("[anon:after]")->state, TREND_REPLACED);
	assert_int_equal(aggregate_count(&view.snapshot.groups), 3);
}

/* Memory that a process had by another name is not new; what it has no more is gone. */
TEST(is_renamed)
{
	const struct snapshot *s = &view.snapshot;
	int64_t change = 0;

	watch_by(KEY_PROCESS);
	view.by = (struct grouping){.keys = {KEY_PROCESS, KEY_LABEL}, .count = 2};
	write_process(7, "before", 10, 0,
		      MAPPING("1-2", "[anon:old]", "4") MAPPING("2-3", "[heap]", "64"));
	refresh();
	write_process(7, "after", 10, 1,
		      MAPPING("1-2", "[anon:new]", "8") MAPPING("2-3", "[heap]", "65"));
	refresh();
	assert_int_equal(trend_of_label("[heap]")->state, TREND_REPLACED);
	assert_int_equal(trend_of_label("[heap]")->change, 1024);
	assert_int_equal(trend_of_label("[heap]")->growth, 1024);
	assert_int_equal(trend_of_label("[heap]")->history_count, 2);
	assert_int_equal(trend_of_label("[anon:new]")->change, 8192);
	assert_int_equal(trend_of_label("[anon:old]")->state, TREND_GONE);
	assert_int_equal(trend_of_label("[anon:old]")->change, -4096);
	assert_int_equal(aggregate_count(&s->groups), 3);
	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++)
		change += s->trends[i].change;
	assert_int_equal(change, s->trends[aggregate_count(&s->groups)].change);
	write_process(7, "after", 10, 2, MAPPING("2-3", "[heap]", "67"));
	refresh();
	assert_int_equal(trend_of_label("[heap]")->change, 2048);
	assert_int_equal(trend_of_label("[heap]")->growth, 3072);
}

/* Rows that come and go leave nothing behind in what is kept. */
TEST(the_start_does_not_grow)
{
	uint32_t symbols;
	char name[16];

	watch_by(KEY_PROCESS);
	write_process(1, "a", 10, 0, MAPPING("1-2", "[heap]", "4"));
	refresh();
	symbols = view.start.symbols.count;
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "new%d", i);
		write_process(7, name, 100 + i, 0, MAPPING("1-2", "[heap]", "4"));
		refresh();
	}
	assert_int_equal(view.start.symbols.count, symbols);
}

TEST(a_new_start)
{
	watch_by(KEY_LABEL);
	write_process(1, "a", 10, 0, MAPPING("1-2", "[heap]", "4"));
	refresh();
	write_process(1, "a", 10, 1, MAPPING("1-2", "[heap]", "12"));
	refresh();
	assert_int_equal(trend_of("[heap]")->growth, 8 * 1024);
	assert_true(watch_zero(watch));
	write_process(1, "a", 10, 2, MAPPING("1-2", "[heap]", "13"));
	refresh();
	assert_int_equal(trend_of("[heap]")->growth, 1024);
}

/* Compares the history with that of a view that existed all the time. */
static void assert_same_history(const struct view *other)
{
	const struct snapshot *s = &view.snapshot, *o = &other->snapshot;
	uint32_t count = aggregate_count(&s->groups);

	assert_int_equal(aggregate_count(&o->groups), count);
	for (uint32_t i = 0; i <= count; i++) {
		const struct trend *t = &s->trends[i], *found = NULL;

		for (uint32_t k = 0; i < count && k < count; k++) {
			if (slice_equals(
				    intern_bytes(&s->symbols, aggregate_key(&s->groups, i)[0]),
				    intern_bytes(&o->symbols, aggregate_key(&o->groups, k)[0])))
				found = &o->trends[k];
		}
		found = i < count ? found : &o->trends[count];
		assert_non_null(found);
		assert_int_equal(found->history_count, t->history_count);
		assert_memory_equal(found->history, t->history,
				    t->history_count * sizeof(*t->history));
	}
}

/* A view made later, or after a new start, has the history. */
TEST(a_view_that_comes_later_has_a_history)
{
	struct error e;
	char kb[16], text[512];

	watch_by(KEY_LABEL);
	for (int i = 1; i <= 2 * HISTORY_MAX; i++) {
		struct view later;

		snprintf(kb, sizeof(kb), "%d", i * 4);
		snprintf(text, sizeof(text),
			 "1-2 rw-p 00000000 00:00 0 [heap]\nSize: 8 kB\nRss: %s kB\nPss: %s kB\n"
			 "2-3 rw-p 00000000 00:00 0 [anon:%d]\nSize: 8 kB\nRss: 8 kB\n%s",
			 kb, kb, i / 5, i % 7 ? "Pss: 4 kB\n" : "");
		write_process(1, "a", 10, i, text);
		write_process(2, "b", 10, 0, MAPPING("1-2", "[heap]", "4"));
		write_process(3, "c", 10, i, i % 6 < 3 ? MAPPING("1-2", "[stack]", "4") : "");
		refresh();
		view_init(&later, &by);
		assert_int_equal(view_update(&later, watch, &e), 0);
		assert_same_history(&later);
		assert_int_equal(later.snapshot.trends[0].change, view.snapshot.trends[0].change);
		view_free(&later);
	}
	assert_int_equal(trend_of("[heap]")->history_count, HISTORY_MAX);
	assert_true(watch_zero(watch));
	assert_int_equal(view_update(&view, watch, &e), 0);
	assert_int_equal(trend_of("[heap]")->history_count, HISTORY_MAX);
	assert_int_equal(trend_of("[heap]")->history[0], (HISTORY_MAX + 2) * 4096);
	assert_int_equal(trend_of("[heap]")->growth, 0);
}

/* A past that would take too much memory is not kept: history then begins at the previous
 * refresh. */
TEST(a_large_past_is_not_kept)
{
	assert_true(past_has_room(&by, 100000));
	assert_false(past_has_room(&by, 1000000));
}

TEST(part_of_it)
{
	struct grouping processes = {.keys = {KEY_PROCESS}, .count = 1};
	struct error e = {.code = ERROR_NONE};
	struct view part;

	watch_by(KEY_LABEL);
	write_process(1, "a", 10, 0, MAPPING("1-2", "[heap]", "4") MAPPING("2-3", "", "1"));
	write_process(2, "b", 10, 0, MAPPING("2-3", "", "2"));
	refresh();
	view_init(&part, &processes);
	assert_true(view_fix(&part, KEY_LABEL, &view.snapshot.symbols,
			     aggregate_key(&view.snapshot.groups, (uint32_t)row_of("[heap]"))[0]));
	assert_int_equal(view_update(&part, watch, &e), 0);
	assert_int_equal(aggregate_count(&part.snapshot.groups), 1);
	assert_int_equal(part.snapshot.totals.counters.bytes[COUNTER_PSS], 4096);
	assert_true(view_has(&part, KEY_LABEL));
	assert_false(view_has(&part, KEY_NAME));
	view_free(&part);
}

/* A process that is opened is still shown when it has another name, and its growth continues. */
TEST(part_that_is_renamed)
{
	struct grouping labels = {.keys = {KEY_LABEL}, .count = 1};
	struct error e = {.code = ERROR_NONE};
	struct view part;

	watch_by(KEY_PROCESS);
	write_process(1, "a", 10, 0, MAPPING("1-2", "[heap]", "4"));
	write_process(2, "b", 10, 0, MAPPING("2-3", "[heap]", "2"));
	refresh();
	view_init(&part, &labels);
	assert_true(view_fix(&part, KEY_PROCESS, &view.snapshot.symbols,
			     aggregate_key(&view.snapshot.groups, (uint32_t)row_of("a"))[0]));
	assert_int_equal(view_update(&part, watch, &e), 0);
	write_process(1, "new", 10, 1, MAPPING("1-2", "[heap]", "8"));
	refresh();
	assert_int_equal(view_update(&part, watch, &e), 0);
	assert_int_equal(part.snapshot.totals.counters.bytes[COUNTER_PSS], 8192);
	assert_int_equal(part.snapshot.trends[0].change, 4096);
	assert_int_equal(part.snapshot.trends[0].growth, 4096);
	write_process(1, "other", 11, 0, MAPPING("1-2", "[heap]", "16"));
	refresh();
	assert_int_equal(view_update(&part, watch, &e), 0);
	assert_int_equal(part.snapshot.totals.counters.bytes[COUNTER_PSS], 0);
	view_free(&part);
}

/* Until its user is known, it counts as possibly matching. */
TEST(a_user_who_is_not_known)
{
	watch_by(KEY_PROCESS);
	watch->options.collecting.selection = (struct selection){.by_user = true, .uid = 22};
	write_process(1, "whose", 100, 0, MAPPING("1-2", "[heap]", "4"));
	for (int i = 0; i < 2; i++) {
		refresh();
		assert_int_equal(view.snapshot.coverage.unmatched, 1);
		assert_int_equal(view.snapshot.coverage.seen, 0);
	}
	tree_write(root, "1/status", SLICE("Uid:\t22\t22\t22\t22\n"));
	refresh();
	assert_int_equal(view.snapshot.coverage.unmatched, 0);
	assert_int_equal(pss_of("whose"), 4);
}

static void write_command(int pid, const char *line)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/cmdline", pid);
	tree_write(root, path, slice_of(line));
}

static struct slice command_of(const char *name)
{
	const struct snapshot *s = &view.snapshot;
	int row = row_of(name);
	symbol command;

	assert_true(row >= 0);
	command = commands_find(&s->commands, aggregate_key(&s->groups, (uint32_t)row)[0]);
	return command == SYMBOL_NONE ? SLICE("?") : intern_bytes(&s->symbols, command);
}

/* A process that changes its command line is the same; a process that is gone had one. */
TEST(command_lines)
{
	watch_by(KEY_PROCESS);
	watch->options.collecting.reading.needs = NEED_COMMAND;
	write_process(7, "db", 10, 0, MAPPING("1-2", "[heap]", "4"));
	write_process(8, "none", 10, 0, MAPPING("1-2", "[heap]", "4"));
	write_command(7, "db: idle");
	refresh();
	assert_slice(command_of("db"), "db: idle");
	assert_slice(command_of("none"), "?");
	write_process(7, "db", 10, 1, MAPPING("1-2", "[heap]", "8"));
	write_command(7, "db: SELECT");
	refresh();
	assert_slice(command_of("db"), "db: SELECT");
	assert_int_equal(trend_of("db")->change, 4096);
	write_process(7, "db", 10, 2, "");
	refresh();
	assert_int_equal(trend_of("db")->state, TREND_GONE);
	assert_slice(command_of("db"), "db: SELECT");
}

TEST(what_costs_is_watched_when_wanted)
{
	const struct grouping none = {.count = 0}, one = {.keys = {KEY_COMMAND}, .count = 1};
	struct grouping watched = watch_grouping(&none);

	assert_true(grouping_has(&watched, KEY_CGROUP));
	assert_false(grouping_has(&watched, KEY_COMMAND));
	watched = watch_grouping(&one);
	assert_true(grouping_has(&watched, KEY_COMMAND));
	assert_false(grouping_has(&watched, KEY_FILE));
}

TEST(names_are_counted)
{
	watch_by(KEY_LABEL);
	write_process(1, "a", 10, 0,
		      MAPPING("1-2", "[anon:x]", "4") MAPPING("2-3", "", "1")
			      MAPPING("3-4", "/lib/x", "9"));
	refresh();
	assert_int_equal(watch->naming.pss[WORD_PROCESS], 4096);
	assert_int_equal(watch->naming.pss[WORD_NONE], 1024);
}

/* Known memory is not named; what the machine has beyond the processes read is unknown. */
TEST(words_for_names)
{
	struct naming n;

	watch_by(KEY_LABEL);
	write_process(1, "a", 10, 0,
		      MAPPING("1-2", "[anon:x]", "4") MAPPING("2-3", "[heap]", "2")
			      MAPPING("3-4", "[stack]", "1") MAPPING("4-5", "", "1"));
	write_process(2, "b", 10, 0, MAPPING("2-3", "[heap]", "8"));
	refresh();
	assert_int_equal(watch_naming(watch, KEY_NAME, SLICE("a"), &n), 1);
	assert_int_equal(naming_total(&n), 8192);
	assert_true(naming_percent(&n, 8192, WORD_PROCESS) == 50);
	assert_true(naming_percent(&n, 8192, WORD_KERNEL) == 37.5);
	assert_true(naming_percent(&n, 8192, WORD_NONE) == 12.5);
	assert_true(naming_percent(&n, 16384, WORD_PROCESS) == 25);
	assert_true(naming_percent(&n, 16384, WORD_NONE) == 56.25);
	assert_int_equal(watch_naming(watch, KEY_NAME, SLICE("c"), &n), 0);
	assert_true(naming_percent(&n, 0, WORD_NONE) == 0);
}

/* Symbols that are not used any more are freed. */
TEST(symbols_do_not_pile_up)
{
	enum { REFRESHES = 300, LABELS = 30 };
	char label[64], *text;
	size_t size;

	watch_by(KEY_LABEL);
	for (int i = 0; i < REFRESHES; i++) {
		FILE *out = open_memstream(&text, &size);

		for (int k = 0; k < LABELS; k++) {
			snprintf(label, sizeof(label), "[anon:%d-%d]", i, k);
			fprintf(out, "%x-%x rw-p 00000000 00:00 0 %s\nSize: 4 kB\nRss: 4 kB\n",
				k + 1, k + 2, label);
		}
		fclose(out);
		write_process(1, "a", 10, i, text);
		free(text);
		refresh();
		assert_int_equal(view.snapshot.trends[row_of(label)].state,
				 i ? TREND_NEW : TREND_READ);
	}
	assert_true(watch->symbols.count < 4 * 1024);
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(grows),
		IN_TREE(what_did_nothing_is_kept),
		IN_TREE(relatives_of_what_begins_and_ends_are_read),
		IN_TREE(relatives_of_what_executes_are_read),
		IN_TREE(relatives_within_a_budget),
		IN_TREE(moved_to_another_control_group),
		IN_TREE(what_timed_out_is_spared),
		IN_TREE(all_have_their_turn),
		IN_TREE(turns_within_a_budget),
		IN_TREE(the_large_take_longer),
		IN_TREE(without_stat_all_is_read),
		IN_TREE(comes_and_goes),
		IN_TREE(is_replaced),
		IN_TREE(is_not_replaced),
		IN_TREE(is_renamed),
		IN_TREE(part_that_is_renamed),
		IN_TREE(the_start_does_not_grow),
		IN_TREE(a_new_start),
		IN_TREE(a_view_that_comes_later_has_a_history),
		IN_TREE(a_large_past_is_not_kept),
		IN_TREE(part_of_it),
		IN_TREE(a_user_who_is_not_known),
		IN_TREE(command_lines),
		IN_TREE(what_costs_is_watched_when_wanted),
		IN_TREE(names_are_counted),
		IN_TREE(words_for_names),
		IN_TREE(symbols_do_not_pile_up),
	};

	return RUN(tests);
}
