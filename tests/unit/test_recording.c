/* recording: what was written is read back, whatever happened in between; or it is refused. */
#include "support.h"

#include "../recording/samples.h"
#include "recording/checksum.h"
#include "recording/history.h"
#include "recording/reader.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KIB = 1024, MINUTE = 60000, HOUR = 60 * MINUTE };

static char *root, *path;
static struct samples made;
static struct writer *writer;
static struct error error;
static char boot[] = "boot-1";
static struct recording_limits limits;
static struct run_facts facts;

static void open_writer(void)
{
	writer = writer_open(path, &limits, &facts, &error);
	if (!writer)
		fail_msg("%s", error.text);
}

static void reopen(const char *boot_id)
{
	writer_close(writer);
	strcpy(boot, boot_id);
	open_writer();
}

static int begin_with(const struct grouping *by)
{
	root = tree_make();
	path = tree_path(root, "r.db");
	samples_init(&made, by);
	strcpy(boot, "boot-1");
	limits = (struct recording_limits){.tiers = tiers_default()};
	facts = (struct run_facts){.version = "0.1.0",
				   .host = "here",
				   .kernel = "6.18",
				   .boot_id = boot,
				   .page_size = 4096,
				   .by = &made.by,
				   .options = ""};
	open_writer();
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return begin_with(&samples_by_name);
}

static int set_up_processes(void **state)
{
	(void)state;
	return begin_with(&samples_by_process);
}

static int tear_down(void **state)
{
	(void)state;
	writer_close(writer);
	writer = NULL;
	samples_free(&made);
	free(path);
	tree_remove(root);
	return 0;
}

static void put(const char *name, const char *label, uint64_t processes, uint64_t pss)
{
	samples_put(&made, slice_of(name), SLICE("/c"), slice_of(label), processes, pss);
}

static void add(void)
{
	if (samples_add(&made, writer) != WRITING_DONE)
		fail_msg("%s", made.error.text);
}

static bool read_by(const char *time, struct grouping by, struct snapshot *s)
{
	const struct recall what = {.by = by};
	struct recording *r = recording_open(path, &error);
	bool read = r && recording_find(r, time, &error) == 0 &&
		    recording_read(r, &what, s, &error) == 0;

	recording_close(r);
	return read;
}

/* A group, by the name of its only key. */
static const struct group *find(const struct snapshot *s, const char *text)
{
	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++) {
		symbol key = aggregate_key(&s->groups, i)[0];
		struct slice bytes =
			key == SYMBOL_NONE ? SLICE("") : intern_bytes(&s->symbols, key);

		if (s->by.keys[0] == KEY_LABEL)
			bytes = slice_inner(bytes, 1, 0);
		if (slice_equals(bytes, slice_of(text)))
			return &s->groups.groups[i];
	}
	return NULL;
}

static const struct grouping by_label = {{KEY_LABEL}, 1}, by_name = {{KEY_NAME}, 1};

/* The PSS of a label at a time in KiB; 0 if it is not there, -1 if it cannot be read. */
static int64_t pss_at(const char *time, const char *label)
{
	struct snapshot s = {0};
	const struct group *g;
	int64_t pss = -1;

	if (read_by(time, by_label, &s)) {
		g = find(&s, label);
		pss = g ? (int64_t)(g->counters.bytes[COUNTER_PSS] / KIB) : 0;
	}
	snapshot_free(&s);
	return pss;
}

static int64_t number(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t value;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	value = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return value;
}

static void change(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

TEST(only_changes_are_stored)
{
	for (uint64_t i = 0; i < 5; i++) {
		put("a", "[heap]", 1, 100);
		put("a", "[anon]", 1, 100 + i);
		add();
	}
	assert_int_equal(number("SELECT count(*) FROM usage"), 3 + 4);
	assert_int_equal(pss_at("first", "[anon]"), 100);
	assert_int_equal(pss_at("last", "[anon]"), 104);
	assert_int_equal(pss_at("last", "[heap]"), 100);
	assert_int_equal(pss_at("2026-11-29T17:00:25Z", "[anon]"), 102);
	assert_int_equal(pss_at("-20s", "[anon]"), 102);
}

TEST(what_is_gone_is_gone)
{
	put("a", "[heap]", 1, 100);
	put("b", "[heap]", 1, 50);
	add();
	put("a", "[heap]", 1, 100);
	add();
	put("a", "[heap]", 1, 100);
	put("b", "[heap]", 1, 20);
	add();
	assert_int_equal(pss_at("first", "[heap]"), 150);
	assert_int_equal(pss_at("-10s", "[heap]"), 100);
	assert_int_equal(pss_at("last", "[heap]"), 120);
}

/* Every counter comes back to the byte, unknown ones as unknown, with what is known of them. */
TEST(counters_come_back)
{
	struct snapshot s = {0};
	struct group *g;
	const struct group *back;

	g = samples_put(&made, SLICE("a"), SLICE("/c"), SLICE("x"), 1, 7);
	g->counters.bytes[COUNTER_SWAP_PSS] = 12345;
	g->counters.bytes[COUNTER_SWAP] = COUNTER_MAX;
	g->counters.bytes[COUNTER_USS] = 0;
	g->counters.known &= ~COUNTER_BIT(COUNTER_USS) & ~COUNTER_BIT(COUNTER_SWAP_PSS);
	g->counters.bytes[COUNTER_LOCKED] = 1;
	add();
	assert_true(read_by("last", by_label, &s));
	back = find(&s, "x");
	assert_int_equal(back->counters.bytes[COUNTER_PSS], 7 * KIB);
	assert_int_equal(back->counters.bytes[COUNTER_LOCKED], 1);
	assert_int_equal(back->counters.bytes[COUNTER_SWAP_PSS], 12345);
	assert_int_equal(back->counters.bytes[COUNTER_SWAP], COUNTER_MAX);
	assert_false(counters_know(&back->counters, COUNTER_USS));
	assert_false(counters_know(&back->counters, COUNTER_SWAP_PSS));
	assert_true(counters_know(&back->counters, COUNTER_SWAP));
	assert_int_equal(back->mappings, 3);
	snapshot_free(&s);
	assert_int_equal(number("SELECT swap_pss IS NULL AND uss IS NULL FROM usage "
				"WHERE mappings = 3"),
			 1);
	assert_int_equal(number("SELECT kib * 1024 FROM at_least WHERE counter = 'swap_pss'"),
			 12345);
	assert_int_equal(number("SELECT count(*) FROM at_least"), 1);
}

/* A process is in one name and cgroup; how many have some of several labels is a bound, unless one
 * of the labels is in all of them. */
TEST(processes_are_counted)
{
	struct snapshot s = {0};

	put("a", "x", 3, 10);
	put("a", "y", 2, 10);
	put("b", "x", 1, 10);
	samples_set(&made, SLICE("a"), SLICE("/c"), 4);
	add();
	assert_true(read_by("last", by_label, &s));
	assert_int_equal(find(&s, "x")->processes, 4);
	assert_int_equal(find(&s, "y")->processes, 2);
	snapshot_free(&s);
	assert_true(read_by("last", by_name, &s));
	assert_int_equal(find(&s, "a")->processes, 3);
	assert_true(s.processes_at_least);
	snapshot_free(&s);
	put("a", "x", 4, 10);
	put("a", "y", 2, 10);
	add();
	assert_true(read_by("last", by_name, &s));
	assert_int_equal(find(&s, "a")->processes, 4);
	assert_int_equal(s.totals.processes, 4);
	assert_false(s.processes_at_least);
	snapshot_free(&s);
}

TEST(a_key_that_was_not_recorded_is_an_error)
{
	struct snapshot s = {0};

	put("a", "x", 1, 10);
	add();
	assert_false(read_by("last", (struct grouping){{KEY_PROCESS}, 1}, &s));
	assert_int_equal(error.code, ERROR_USAGE);
	assert_contains(error.text, "without the key process");
	snapshot_free(&s);
	assert_true(read_by("last", (struct grouping){{KEY_KIND, KEY_CGROUP}, 2}, &s));
	snapshot_free(&s);
}

/* A pid that was used again is another process, and so is one after another boot. */
TEST(processes_are_known_by_boot_and_start)
{
	struct snapshot s = {0};

	samples_put_process(&made, 7, 100, SLICE("x"), 10);
	add();
	samples_put_process(&made, 7, 200, SLICE("x"), 20);
	add();
	reopen("boot-2");
	samples_put_process(&made, 7, 100, SLICE("x"), 30);
	add();
	assert_int_equal(number("SELECT count(*) FROM groups"), 3);
	assert_int_equal(number("SELECT count(DISTINCT boot_id) FROM groups"), 2);
	assert_true(read_by("last", (struct grouping){{KEY_PROCESS}, 1}, &s));
	assert_int_equal(aggregate_count(&s.groups), 1);
	assert_int_equal(s.totals.counters.bytes[COUNTER_PSS], 30 * KIB);
	assert_int_equal(s.totals.processes, 1);
	snapshot_free(&s);
}

TEST(names_are_bytes)
{
	const struct slice hostile = {"\x1b[31m\xff\0'; DROP TABLE usage;--", 29};
	struct snapshot s = {0};

	samples_put(&made, hostile, hostile, SLICE("\"x\n"), 1, 10);
	samples_put(&made, SLICE(""), SLICE("/c"), SLICE(""), 1, 5);
	add();
	assert_true(read_by("last", by_name, &s));
	assert_int_equal(aggregate_count(&s.groups), 2);
	assert_non_null(find(&s, ""));
	assert_true(intern_find(&s.symbols, hostile) != SYMBOL_NONE);
	snapshot_free(&s);
	assert_int_equal(pss_at("last", "\"x\n"), 10);
	assert_int_equal(number("SELECT count(*) FROM groups WHERE typeof(name) = 'blob'"), 2);
}

/* Where a process runs */

static int set_up_places(void **state)
{
	(void)state;
	return begin_with(&samples_by_place);
}

TEST(containers_pods_and_units)
{
	struct snapshot s = {0};

	samples_put_place(&made, "shop", "default/shop", "cri.service", 10);
	samples_put_place(&made, "mail", NULL, "cri.service", 20);
	samples_put_place(&made, NULL, NULL, "cron.service", 30);
	samples_put_place(&made, NULL, NULL, NULL, 40);
	add();
	assert_true(read_by("last", (struct grouping){{KEY_CONTAINER}, 1}, &s));
	assert_int_equal(aggregate_count(&s.groups), 3);
	assert_int_equal(s.totals.processes, 8);
	snapshot_free(&s);
	assert_true(read_by("last", (struct grouping){{KEY_UNIT}, 1}, &s));
	assert_int_equal(find(&s, "cri.service")->counters.bytes[COUNTER_PSS], 30 * KIB);
	assert_int_equal(find(&s, "cri.service")->processes, 4);
	snapshot_free(&s);
	assert_true(read_by("last", (struct grouping){{KEY_POD}, 1}, &s));
	assert_int_equal(find(&s, "default/shop")->counters.bytes[COUNTER_PSS], 10 * KIB);
	snapshot_free(&s);
	assert_int_equal(number("SELECT processes FROM population WHERE sample = 1 AND "
				"container = 'mail'"),
			 2);
	assert_int_equal(number("SELECT sum(pss) FROM memory WHERE sample = 1 AND "
				"unit = 'cri.service'"),
			 30);
	change("UPDATE groups SET pod = container");
	assert_int_equal(pss_at("last", "[heap]"), -1);
	assert_contains(error.text, "the checksum of a name is wrong");
}

/* The ids, where names were not recorded. */
TEST(places_follow_from_control_groups)
{
	struct snapshot s = {0};

	samples_put(&made, SLICE("a"),
		    SLICE("/system.slice/docker-"
			  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"),
		    SLICE("x"), 1, 10);
	samples_put(&made, SLICE("b"), SLICE("/system.slice/cron.service"), SLICE("x"), 1, 20);
	add();
	assert_true(read_by("last", (struct grouping){{KEY_CONTAINER}, 1}, &s));
	assert_int_equal(find(&s, "0123456789ab")->counters.bytes[COUNTER_PSS], 10 * KIB);
	assert_int_equal(aggregate_count(&s.groups), 2);
	snapshot_free(&s);
	assert_true(read_by("last", (struct grouping){{KEY_UNIT}, 1}, &s));
	assert_int_equal(find(&s, "cron.service")->counters.bytes[COUNTER_PSS], 20 * KIB);
	snapshot_free(&s);
}

/* Names that are replaced */

static bool shout(void *ctx, struct identity *id)
{
	static char name[64];

	(*(int *)ctx)++;
	snprintf(name, sizeof(name), "REDACTED-%zu", id->name.bytes.len);
	id->name.bytes = slice_of(name);
	return true;
}

TEST(names_can_be_replaced)
{
	int calls = 0;
	const struct renaming renaming = {shout, &calls};
	struct snapshot s = {0};
	struct error e;

	/* What has names already gets no others, and the other way round. */
	facts.redaction = &renaming;
	put("secret", "x", 1, 1);
	add();
	writer_close(writer);
	writer = writer_open(path, &limits, &facts, &e);
	assert_null(writer);
	assert_contains(e.text, "has names from a run without --redact");
	assert_int_equal(unlink(path), 0);
	open_writer();
	calls = 0;
	for (int i = 0; i < 3; i++) {
		put("secret", "x", 1, 1);
		put("secrets", "x", 1, 2);
		add();
	}
	/* Only once for each group, and each set of processes. */
	assert_int_equal(calls, 4);
	assert_true(read_by("last", by_name, &s));
	assert_non_null(find(&s, "REDACTED-6"));
	assert_non_null(find(&s, "REDACTED-7"));
	assert_int_equal(aggregate_count(&s.groups), 2);
	snapshot_free(&s);
	assert_int_equal(number("SELECT redacted FROM run"), 1);
	writer_close(writer);
	facts.redaction = NULL;
	writer = writer_open(path, &limits, &facts, &e);
	assert_null(writer);
	assert_contains(e.text, "was recorded with --redact");
}

/* Times */

TEST(a_gap_is_an_error)
{
	put("a", "x", 1, 1);
	add();
	made.time_ms += HOUR;
	made.uptime_ms += HOUR;
	put("a", "x", 1, 2);
	add();
	assert_int_equal(pss_at("2026-11-29T17:00:29Z", "x"), 1);
	assert_int_equal(pss_at("2026-11-29T17:10Z", "x"), -1);
	assert_int_equal(error.code, ERROR_USAGE);
	assert_contains(error.text, "has a gap from 2026-11-29T17:00:00Z to 2026-11-29T18:00:10Z");
	assert_int_equal(pss_at("2026-11-29T16:59:59Z", "x"), -1);
	assert_contains(error.text, "begins at 2026-11-29T17:00:00");
	assert_int_equal(pss_at("2026-11-30T00:00Z", "x"), -1);
	assert_contains(error.text, "ends at 2026-11-29T18:00:10");
	assert_int_equal(pss_at("yesterday", "x"), -1);
	assert_contains(error.text, "invalid time \"yesterday\"");
	assert_int_equal(pss_at("18:00", "x"), -1);
	assert_int_equal(pss_at("17:00", "x"), 1);
}

/* The clock is set back: what was recorded later under the same times does not hide what was
 * recorded first, and how long there has been a recording is not changed. */
TEST(the_clock_is_set_back_and_forward)
{
	for (uint64_t i = 0; i < 6; i++) {
		put("a", "x", 1, 10 + i);
		add();
	}
	made.time_ms -= HOUR;
	put("a", "x", 1, 20);
	add();
	made.time_ms += 24 * HOUR;
	put("a", "x", 1, 30);
	add();
	assert_int_equal(pss_at("2026-11-29T17:00:50Z", "x"), 15);
	assert_int_equal(pss_at("2026-11-29T16:01:05Z", "x"), 20);
	assert_int_equal(pss_at("2026-11-29T16:30Z", "x"), -1);
	assert_int_equal(pss_at("2026-11-30T12:00Z", "x"), -1);
	assert_int_equal(pss_at("last", "x"), 30);
	assert_int_equal(number("SELECT max(elapsed_ms) FROM sample"), 7 * 10000);
}

/* The clock that counts suspension goes on by as much as the wall clock. */
TEST(suspended_for_hours)
{
	for (unsigned i = 0; i < 720; i++) {
		if (i == 360) {
			made.time_ms += 9 * HOUR;
			made.uptime_ms += 9 * HOUR;
		}
		put("a", "x", 1, 1000 + i);
		add();
	}
	assert_int_equal(pss_at("2026-11-29T17:59:50Z", "x"), 1359);
	assert_int_equal(pss_at("2026-11-29T22:00Z", "x"), -1);
	assert_contains(error.text, "has a gap from 2026-11-29T17:59:50Z to 2026-11-30T03:00:00Z");
	assert_int_equal(pss_at("2026-11-30T03:00Z", "x"), 1360);
	assert_int_equal(pss_at("-2h", "x"), -1);
	assert_int_equal(number("SELECT count(*) FROM (SELECT elapsed_ms - lag(elapsed_ms) OVER "
				"(ORDER BY sample) AS step FROM sample) WHERE step > 3000000"),
			 1);
	assert_int_equal(number("SELECT max(elapsed_ms) FROM sample"), 9 * HOUR + 719 * 10000);
	/* What it cost before is in what thinning left. */
	assert_int_equal(number("SELECT sum(cpu_us) FROM sample"), 720 * 1500);
}

/* Numbers are stored as SQLite has them, and checksums are made of numbers. */
TEST(another_architecture)
{
	struct snapshot s = {0};

	facts.page_size = 65536;
	facts.kernel = "6.18-s390x";
	reopen("boot-2");
	put("a", "x", 1, 65536 / KIB);
	add();
	assert_true(read_by("last", by_label, &s));
	assert_int_equal(s.machine.page_size, 65536);
	assert_string_equal(s.machine.kernel, "6.18-s390x");
	snapshot_free(&s);
	/* The same everywhere. */
	assert_int_equal(checksum_number(CHECKSUM_START, 1), UINT64_C(0x5a841912b01a9977));
	assert_int_equal(checksum_bytes(CHECKSUM_START, true, SLICE("\xff")),
			 UINT64_C(0xafc170fd53d7ffe9));
}

TEST(another_boot_continues)
{
	put("a", "x", 1, 1);
	add();
	made.time_ms += HOUR;
	made.uptime_ms = 1000;
	reopen("boot-2");
	put("a", "x", 1, 2);
	add();
	assert_int_equal(pss_at("first", "x"), 1);
	assert_int_equal(pss_at("last", "x"), 2);
	assert_int_equal(pss_at("-30m", "x"), -1);
	assert_int_equal(number("SELECT max(elapsed_ms) FROM sample"), HOUR + 10000);
	assert_int_equal(number("SELECT count(*) FROM sample WHERE base = sample"), 2);
}

/* However a clock is set, an hour ago is an hour ago. */
TEST(back_is_time_that_has_passed)
{
	const uint64_t years = UINT64_C(50) * 365 * 24 * HOUR;

	made.time_ms -= years; /* as on a machine whose clock has no battery */
	for (uint64_t i = 0; i < 12; i++) {
		if (i == 3)
			made.time_ms += years;
		if (i == 9)
			made.time_ms -= HOUR;
		put("a", "x", 1, 10 + i);
		add();
	}
	assert_int_equal(pss_at("-10s", "x"), 20);
	assert_int_equal(pss_at("-50s", "x"), 16);
	assert_int_equal(pss_at("-55s", "x"), 15);
	assert_int_equal(pss_at("-100s", "x"), 11);
	assert_int_equal(pss_at("-110s", "x"), 10);
	assert_int_equal(pss_at("-2m", "x"), -1);
	assert_contains(error.text, "nothing was recorded at -2m");
	assert_contains(error.text, "begins at 1976-");
	assert_contains(error.text, "and ends at 2026-");
}

TEST(days_that_do_not_exist)
{
	put("a", "x", 1, 1);
	add();
	assert_int_equal(pss_at("2026-02-30T10:00", "x"), -1);
	assert_contains(error.text, "invalid time \"2026-02-30T10:00\"");
	assert_int_equal(pss_at("2025-02-29T10:00", "x"), -1);
	assert_contains(error.text, "invalid time");
	assert_int_equal(pss_at("2024-02-29T10:00", "x"), -1);
	assert_contains(error.text, "nothing was recorded at 2024-02-29T10:00");
	assert_int_equal(pss_at("2026-11-31T10:00", "x"), -1);
	assert_contains(error.text, "invalid time");
}

/* Spans of time */

/* The PSS in the first and the last sample of a span; -1 if there is none. */
static void assert_span(const char *text, int64_t begin, int64_t end)
{
	struct recording *r = recording_open(path, &error);
	const struct recall what = {.by = by_label};
	struct snapshot s = {0};
	struct timeline t = {.count = 0};
	struct sample first;
	int64_t pss[2] = {-1, -1};

	assert_non_null(r);
	if (recording_find_span(r, text, &first, &error) == 0) {
		assert_int_equal(recording_read(r, &what, &s, &error), 0);
		assert_int_equal(recording_history(r, &what, &first, COUNTER_PSS, &s, &t, &error),
				 0);
		pss[0] = (int64_t)(t.instants[0].total / KIB);
		pss[1] = (int64_t)(t.instants[t.count - 1].total / KIB);
	}
	timeline_free(&t);
	snapshot_free(&s);
	recording_close(r);
	if (pss[0] != begin || pss[1] != end)
		fail_msg("%s: from %d to %d, not from %d to %d: %s", text, (int)pss[0], (int)pss[1],
			 (int)begin, (int)end, pss[0] < 0 ? error.text : "");
}

/* From 17:00 to 19:59, once a minute. */
static void record_three_hours(void)
{
	made.span_ms = MINUTE;
	for (unsigned i = 0; i < 180; i++) {
		put("a", "x", 1, 1000 + i);
		add();
	}
}

TEST(spans_of_time)
{
	record_three_hours();
	assert_span(NULL, 1000, 1179);
	assert_span("..", 1000, 1179);
	assert_span("first..last", 1000, 1179);
	assert_span("18:00..18:30", 1060, 1090);
	assert_span("18:00..", 1060, 1179);
	assert_span("..18:30", 1000, 1090);
	assert_span("-30m..-10m", 1149, 1169);
	assert_span("-30m..", 1149, 1179);
	assert_span("-30m..19:40", 1149, 1160);
	assert_span("18:00..-10m", 1060, 1169);
	assert_span("2026-11-29T18:00Z..18:30", 1060, 1090);
	assert_span("2026-11-29T10:00Z..2026-11-29T17:05Z", 1000, 1005);
	/* Between two samples, the one before counts. */
	assert_span("18:00:10..18:00:50", 1060, 1060);
	assert_span("-30s..-10s", 1178, 1178);
}

/* The end is the first such time after the beginning, whenever the recording ends. */
TEST(spans_that_end_later)
{
	record_three_hours();
	assert_span("18:00..23:00", 1060, 1179);
	assert_span("18:00..20:00", 1060, 1179);
	assert_span("..23:00", 1000, 1179);
	assert_span("-30m..23:00", 1149, 1179);
	assert_span("18:00..2026-12-24T10:00", 1060, 1179);
	/* Past midnight, and into the next evening. */
	made.time_ms += 5 * HOUR;
	made.uptime_ms += 5 * HOUR;
	record_three_hours();
	assert_span("19:30..01:10", 1150, 1010);
	assert_span("19:30..05:00", 1150, 1179);
	assert_span("2026-11-29T18:00..18:30", 1060, 1090);
	assert_span("18:00..18:30", 1060, 1090);
	assert_span("..01:10", 1000, 1010);
}

TEST(spans_without_samples)
{
	record_three_hours();
	assert_span("-10m..-30m", -1, -1);
	assert_contains(error.text, "\"-10m..-30m\": the end is before the beginning");
	assert_span("last..first", -1, -1);
	assert_contains(error.text, "the end is before the beginning");
	assert_span("2026-11-29T19:00..2026-11-29T18:00", -1, -1);
	assert_contains(error.text, "the end is before the beginning");
	assert_span("2027-01-01T00:00..", -1, -1);
	assert_contains(error.text, "nothing was recorded at 2027-01-01T00:00");
	assert_contains(error.text,
			"begins at 2026-11-29T17:00:00 and ends at 2026-11-29T19:59:00");
	assert_span("16:00..16:30", -1, -1);
	assert_contains(error.text, "nothing was recorded at 16:30");
	made.time_ms += 2 * HOUR;
	made.uptime_ms += 2 * HOUR;
	record_three_hours();
	assert_span("20:30..21:00", -1, -1);
	assert_contains(error.text, "has a gap from 2026-11-29T19:59:00 to 2026-11-29T22:00:00");
}

/* What was recorded twice under the same times is there twice. */
TEST(spans_when_the_clock_is_set_back)
{
	for (unsigned i = 0; i < 12; i++) {
		if (i == 6)
			made.time_ms -= 45000;
		put("a", "x", 1, 10 + i);
		add();
	}
	assert_span("17:00:18..17:00:26", 12, 17);
	assert_span("17:00:30..17:00:41", 13, 18);
	assert_span("17:00..17:02", 10, 21);
}

/* A new boot is a gap, however short. */
TEST(a_boot_is_a_gap_of_a_timeline)
{
	const struct recall what = {.by = by_label};
	struct recording *r;
	struct snapshot s = {0};
	struct timeline t = {.count = 0};
	struct sample first;

	for (unsigned i = 0; i < 6; i++) {
		if (i == 2)
			reopen("boot-1");
		if (i == 4) {
			made.uptime_ms = 9000;
			reopen("boot-2");
		}
		put("a", "x", 1, 10 + i);
		add();
	}
	r = recording_open(path, &error);
	assert_non_null(r);
	assert_int_equal(recording_find_span(r, NULL, &first, &error), 0);
	assert_int_equal(recording_read(r, &what, &s, &error), 0);
	assert_int_equal(recording_history(r, &what, &first, COUNTER_PSS, &s, &t, &error), 0);
	assert_int_equal(t.count, 6);
	for (size_t i = 0; i < t.count; i++)
		assert_int_equal(t.instants[i].after_gap, i == 4);
	timeline_free(&t);
	snapshot_free(&s);
	recording_close(r);
}

/* Thinning */

TEST(older_samples_are_thinned)
{
	/* Eight hours: x goes up and down within each minute, y is there for ten seconds. */
	for (unsigned i = 0; i < 8 * 360; i++) {
		put("a", "x", 1, 1000 + i % 6 * 100);
		put("a", "z", 1, 5);
		if (i == 13)
			put("a", "y", 1, 77);
		add();
	}
	assert_int_equal(number("SELECT count(*) FROM sample WHERE span_ms = 60000"), 60);
	assert_int_equal(number("SELECT min(span_ms) FROM sample WHERE elapsed_ms < 3600000"),
			 60000);
	assert_int_equal(number("SELECT max(span_ms) FROM sample WHERE elapsed_ms > 3600000"),
			 10000);
	/* The last of each minute is kept, with the least and the most. */
	assert_int_equal(pss_at("first", "x"), 1500);
	assert_int_equal(number("SELECT pss_min FROM memory WHERE sample = 12 AND label = 'x'"),
			 1000);
	assert_int_equal(number("SELECT pss_max FROM memory WHERE sample = 12 AND label = 'x'"),
			 1500);
	assert_int_equal(number("SELECT pss_max FROM memory WHERE sample = 18 AND label = 'y'"),
			 77);
	assert_int_equal(number("SELECT pss FROM memory WHERE sample = 18 AND label = 'y'"), 0);
	assert_int_equal(pss_at("2026-11-29T17:03Z", "z"), 5);
	assert_int_equal(number("SELECT sum(cpu_us) FROM sample"), 8 * 360 * 1500);
}

TEST(thinning_joins_whole_states)
{
	limits.tiers = (struct tiers){{{HOUR, MINUTE}, {4 * HOUR, 10 * MINUTE}}, 2};
	reopen("boot-1");
	for (unsigned i = 0; i < 18 * 360; i++) {
		put("a", "x", 1, 1000 + i);
		put("a", "z", 1, 5);
		add();
	}
	assert_true(number("SELECT count(*) FROM sample WHERE span_ms = 600000") >= 36);
	assert_true(number("SELECT count(*) FROM sample WHERE base = sample AND "
			   "span_ms = 600000") <= 3);
	assert_int_equal(pss_at("first", "z"), 5);
	/* Each state is what there was at its time. */
	assert_int_equal(pss_at("2026-11-29T18:09:55Z", "x"), 1000 + 359 + 60);
	assert_int_equal(number("SELECT count(*) FROM memory WHERE label = 'x' AND "
				"pss <> 999 + sample"),
			 0);
}

/* Limits */

static uint64_t size_of_files(void)
{
	struct stat db = {0}, log = {0};
	char *name = tree_path(root, "r.db-wal");

	stat(path, &db);
	stat(name, &log);
	free(name);
	return (uint64_t)db.st_size + (uint64_t)log.st_size;
}

TEST(the_size_is_limited_at_every_write)
{
	limits.max_bytes = 2 << 20;
	limits.tiers.count = 0;
	reopen("boot-1");
	for (unsigned i = 0; i < 1000; i++) {
		char label[32];

		for (unsigned k = 0; k < 60; k++) {
			snprintf(label, sizeof(label), "label %u", k);
			put("a", label, 1, 1000 + i + k);
		}
		add();
		assert_true(size_of_files() <= limits.max_bytes);
	}
	assert_int_equal(pss_at("last", "label 0"), 1000 + 999);
	assert_true(number("SELECT count(*) FROM sample") > 100);
	assert_true(number("SELECT min(sample) FROM sample") > 1);
	assert_int_equal(number("SELECT count(*) FROM sample WHERE base NOT IN "
				"(SELECT sample FROM sample)"),
			 0);
}

/* Files cannot grow beyond a limit, as if the disk were full. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Wherever writing fails: what was there is there, lost samples are counted, and once there is room
 * the recording continues. */
TEST(the_disk_is_full_at_any_write)
{
	enum { STEP = 2048, LIMIT = 180 * 1024 };

	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t limit = 60 * 1024; limit < LIMIT; limit += STEP) {
		uint64_t lost = 0, written = 0;

		for (unsigned i = 0; i < 12; i++) {
			char label[32];

			limit_files(i > 1 && i < 9 ? limit : RLIM_INFINITY);
			for (unsigned k = 0; k < 60; k++) {
				snprintf(label, sizeof(label), "label %u", k);
				put("a", label, 1, 1000 + i + k);
			}
			if (samples_add(&made, writer) == WRITING_DONE) {
				written++;
				assert_int_equal(pss_at("last", "label 7"), 1007 + i);
			} else {
				lost++;
				assert_true(strlen(made.error.text) > 0);
			}
		}
		limit_files(RLIM_INFINITY);
		assert_true(written >= 5);
		assert_int_equal(number("SELECT sum(lost_samples) FROM sample"), lost);
		assert_int_equal(number("SELECT count(*) FROM sample"), written);
		assert_int_equal(pss_at("first", "label 7"), 1007);
		writer_close(writer);
		assert_int_equal(number("SELECT count(*) FROM pragma_integrity_check WHERE "
					"integrity_check = 'ok'"),
				 1);
		assert_int_equal(unlink(path), 0);
		open_writer();
	}
}

TEST(one_sample_may_be_too_large)
{
	limits.max_bytes = 1 << 20;
	reopen("boot-1");
	for (unsigned k = 0; k < 20000; k++) {
		char label[32];

		snprintf(label, sizeof(label), "label %u", k);
		put("a", label, 1, k);
	}
	assert_int_equal(samples_add(&made, writer), WRITING_LOST);
	assert_contains(made.error.text, "larger than --max-size");
	put("a", "x", 1, 3);
	add();
	assert_int_equal(pss_at("last", "x"), 3);
	assert_int_equal(number("SELECT lost_samples FROM sample"), 1);
}

TEST(old_samples_go)
{
	limits.keep_ms = 3 * HOUR;
	reopen("boot-1");
	for (unsigned i = 0; i < 6 * 360; i++) {
		put("a", "x", 1, 1000 + i);
		add();
	}
	assert_true(number("SELECT max(elapsed_ms) - min(elapsed_ms) FROM sample") <= 5 * HOUR);
	assert_true(pss_at("first", "x") > 1000);
}

/* Who else is there */

TEST(there_is_one_writer)
{
	struct error e = {.code = ERROR_NONE};

	assert_null(writer_open(path, &limits, &facts, &e));
	assert_contains(e.text, "another anonmem is recording to");
	put("a", "x", 1, 1);
	add();
}

TEST(readers_read_while_it_is_written)
{
	struct snapshot s = {0};
	const struct recall what = {.by = by_label};
	struct recording *r;

	put("a", "x", 1, 1);
	add();
	r = recording_open(path, &error);
	assert_non_null(r);
	assert_int_equal(recording_find(r, NULL, &error), 0);
	put("a", "x", 1, 2);
	add();
	assert_int_equal(recording_read(r, &what, &s, &error), 0);
	assert_int_equal(s.totals.counters.bytes[COUNTER_PSS], 1 * KIB);
	snapshot_free(&s);
	recording_close(r);
	assert_int_equal(pss_at("last", "x"), 2);
}

TEST(a_file_that_is_moved_or_removed_ends_it)
{
	char *other = tree_path(root, "other.db");

	put("a", "x", 1, 1);
	add();
	assert_int_equal(rename(path, other), 0);
	put("a", "x", 1, 2);
	assert_int_equal(samples_add(&made, writer), WRITING_ENDED);
	assert_contains(made.error.text, "was moved or removed");
	writer_close(writer);
	writer = NULL;
	free(path);
	path = other;
	assert_int_equal(pss_at("last", "x"), 1);
}

TEST(other_versions_and_files_are_refused)
{
	struct error e = {.code = ERROR_NONE};

	put("a", "x", 1, 1);
	add();
	writer_close(writer);
	change("PRAGMA user_version = 9");
	writer = writer_open(path, &limits, &facts, &e);
	assert_null(writer);
	assert_contains(e.text, "is a recording of version 9");
	assert_int_equal(pss_at("last", "x"), -1);
	assert_contains(error.text, "is a recording of version 9");
	change("PRAGMA user_version = 2; PRAGMA application_id = 5");
	assert_int_equal(pss_at("last", "x"), -1);
	assert_contains(error.text, "is a database, but not a recording");
	change("PRAGMA application_id = 1634627437; DROP TABLE groups; "
	       "CREATE VIEW groups AS SELECT 1");
	assert_int_equal(pss_at("last", "x"), -1);
	assert_contains(error.text, "it has no table groups");
	tree_write(root, "r.db", SLICE("no database at all, but longer than nothing"));
	assert_null(writer_open(path, &limits, &facts, &e));
	assert_contains(e.text, "is damaged, or not a recording");
}

/* The tables that version 1 made. */
TEST(an_earlier_version_is_continued)
{
	struct snapshot s = {0};

	put("a", "x", 1, 1);
	add();
	writer_close(writer);
	change("DROP VIEW memory; DROP VIEW population; ALTER TABLE run DROP COLUMN redacted; "
	       "ALTER TABLE groups DROP COLUMN container; ALTER TABLE groups DROP COLUMN pod; "
	       "ALTER TABLE groups DROP COLUMN unit; PRAGMA user_version = 1");
	assert_int_equal(pss_at("last", "x"), 1);
	open_writer();
	put("a", "x", 1, 2);
	add();
	assert_int_equal(pss_at("first", "x"), 1);
	assert_int_equal(pss_at("last", "x"), 2);
	assert_int_equal(number("SELECT user_version FROM pragma_user_version"), 2);
	assert_int_equal(number("SELECT count(*) FROM groups"), 2);
	assert_int_equal(number("SELECT pss FROM memory WHERE sample = 2 AND container IS NULL"),
			 2);
	assert_true(read_by("first", by_name, &s));
	assert_non_null(find(&s, "a"));
	snapshot_free(&s);
}

/* Damage */

static void write_some(void)
{
	char label[32];

	for (unsigned i = 0; i < 30; i++) {
		for (unsigned k = 0; k < 40; k++) {
			snprintf(label, sizeof(label), "label %u", k);
			put(k % 2 ? "a" : "b", label, 1, 1000 + k + (i * k) % 7);
		}
		add();
	}
	writer_close(writer);
	writer = NULL;
}

/* All rows of a sample as one number; 0 where it is refused. */
static uint64_t sum_at(const char *time)
{
	struct snapshot s = {0};
	uint64_t sum = 0;

	if (read_by(time, by_label, &s)) {
		sum = 1;
		for (unsigned k = 0; k < 40; k++) {
			char label[32];
			const struct group *g;

			snprintf(label, sizeof(label), "label %u", k);
			g = find(&s, label);
			sum = sum * 31 + (g ? g->counters.bytes[COUNTER_PSS] + g->processes : 0);
		}
	}
	snapshot_free(&s);
	return sum;
}

/* A wrong bit is refused, or was in nothing that is read: no figure is wrong. */
TEST(flipped_bits_are_found)
{
	uint64_t first, last;
	struct stat st;
	unsigned refused = 0;
	int fd;

	write_some();
	first = sum_at("first");
	last = sum_at("last");
	fd = open(path, O_RDWR);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	srand(1);
	for (unsigned i = 0; i < 600; i++) {
		off_t at = (off_t)((uint64_t)rand() % (uint64_t)st.st_size);
		unsigned char byte, wrong;
		uint64_t sum;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		wrong = byte ^ (unsigned char)(1U << rand() % 8);
		assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
		sum = sum_at("first");
		assert_true(sum == 0 || sum == first);
		refused += sum == 0;
		sum = sum_at("last");
		assert_true(sum == 0 || sum == last || sum == first);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	assert_true(refused > 10);
}

TEST(a_file_that_was_cut_is_refused)
{
	uint64_t last;
	struct stat st;

	write_some();
	last = sum_at("last");
	assert_int_equal(stat(path, &st), 0);
	for (off_t size = st.st_size - 1; size > 0; size -= st.st_size / 50) {
		uint64_t sum;

		assert_int_equal(truncate(path, size), 0);
		sum = sum_at("last");
		assert_true(sum == 0 || sum == last);
	}
	assert_int_equal(sum_at("last"), 0);
	assert_true(strlen(error.text) > 0);
}

/* What is in the WAL is missing then, and nothing else. */
TEST(a_copy_without_its_log_is_older)
{
	char *copy = tree_path(root, "copy.db"), *command;
	const struct recording_limits none = {.max_bytes = 0};

	put("a", "x", 1, 1);
	add();
	writer_close(writer);
	writer = writer_open(path, &none, &facts, &error);
	put("a", "x", 1, 2);
	add();
	assert_true(asprintf(&command, "cp '%s' '%s'", path, copy) > 0);
	assert_int_equal(system(command), 0);
	free(command);
	assert_int_equal(pss_at("last", "x"), 2);
	free(path);
	path = copy;
	assert_int_equal(pss_at("last", "x"), 1);
}

/* Memory does not grow with what has come and gone. */
TEST(groups_that_are_gone_are_forgotten)
{
	limits.keep_ms = 2 * HOUR;
	reopen("boot-1");
	for (unsigned i = 0; i < 360 * 30; i++) {
		char label[32];

		snprintf(label, sizeof(label), "label %u", i);
		put("a", label, 1, 5);
		add();
	}
	assert_true(number("SELECT count(*) FROM groups") < 360 * 30);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH(only_changes_are_stored),
		WITH(what_is_gone_is_gone),
		WITH(counters_come_back),
		WITH(processes_are_counted),
		WITH(a_key_that_was_not_recorded_is_an_error),
		cmocka_unit_test_setup_teardown(processes_are_known_by_boot_and_start,
						set_up_processes, tear_down),
		WITH(names_are_bytes),
		cmocka_unit_test_setup_teardown(containers_pods_and_units, set_up_places,
						tear_down),
		WITH(places_follow_from_control_groups),
		WITH(names_can_be_replaced),
		WITH(a_gap_is_an_error),
		WITH(the_clock_is_set_back_and_forward),
		WITH(suspended_for_hours),
		WITH(another_architecture),
		WITH(another_boot_continues),
		WITH(back_is_time_that_has_passed),
		WITH(days_that_do_not_exist),
		WITH(spans_of_time),
		WITH(spans_that_end_later),
		WITH(spans_without_samples),
		WITH(spans_when_the_clock_is_set_back),
		WITH(a_boot_is_a_gap_of_a_timeline),
		WITH(older_samples_are_thinned),
		WITH(thinning_joins_whole_states),
		WITH(the_size_is_limited_at_every_write),
		WITH(the_disk_is_full_at_any_write),
		WITH(one_sample_may_be_too_large),
		WITH(old_samples_go),
		WITH(there_is_one_writer),
		WITH(readers_read_while_it_is_written),
		WITH(a_file_that_is_moved_or_removed_ends_it),
		WITH(other_versions_and_files_are_refused),
		WITH(an_earlier_version_is_continued),
		WITH(flipped_bits_are_found),
		WITH(a_file_that_was_cut_is_refused),
		WITH(a_copy_without_its_log_is_older),
		WITH(groups_that_are_gone_are_forgotten),
	};

	return RUN(tests);
}
