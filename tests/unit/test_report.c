/* report: sorted rows, totals, and the sentences under them. */
#include "support.h"

#include "report/report.h"

#include <inttypes.h>

static struct snapshot snapshot;
static struct report report;
static struct report_options options;

static void begin(unsigned count, enum key first, enum key second)
{
	const struct grouping by = {.keys = {first, second}, .count = count};

	snapshot_init(&snapshot, SOURCE_TREE, &by);
	snapshot.coverage.seen = snapshot.coverage.by_outcome[OUTCOME_READ] = 1;
	options = (struct report_options){.column_count = 0};
}

static void build(void)
{
	struct error e;

	assert_int_equal(report_build(&snapshot, &options, &report, &e), 0);
}

static void end(void)
{
	report_free(&report);
	snapshot_free(&snapshot);
}

/* Adds a group of these symbols with this PSS and RSS; UINT64_MAX means unknown. */
static void add(symbol first, symbol second, uint64_t pss, uint64_t rss)
{
	const symbol key[] = {first, second};
	struct group g = {.processes = 1, .mappings = 2};

	counters_zero(&g.counters);
	g.counters.bytes[COUNTER_PSS] = pss;
	g.counters.bytes[COUNTER_RSS] = rss;
	if (pss == UINT64_MAX) {
		g.counters.bytes[COUNTER_PSS] = 0;
		g.counters.known &= ~COUNTER_BIT(COUNTER_PSS);
	}
	assert_true(aggregate_add_group(&snapshot.groups, key, &g));
	assert_true(group_add(&snapshot.totals, &g));
}

static symbol text(const char *s)
{
	return intern(&snapshot.symbols, slice_of(s));
}

static void add_name(const char *name, uint64_t pss, uint64_t rss)
{
	add(name ? text(name) : SYMBOL_NONE, 0, pss, rss);
}

/* The first column of all rows, each followed by a blank. */
static char *firsts(void)
{
	char *all = NULL;
	size_t size;
	FILE *out = open_memstream(&all, &size);

	for (size_t i = 0; i < report.row_count; i++) {
		const struct cell *c = report_row(&report, i);

		if (!c->known)
			fputs("? ", out);
		else if (report.columns[0]->type == CELL_TEXT)
			fprintf(out, "%.*s ", (int)c->text.len, c->text.ptr);
		else
			fprintf(out, "%" PRIu64 " ", c->number);
	}
	fclose(out);
	return all;
}

static void check_rows(const char *wanted, int line)
{
	char *got = firsts();

	if (strcmp(got, wanted) != 0) {
		print_error("got \"%s\", not \"%s\"\n", got, wanted);
		_fail(__FILE__, line);
	}
	free(got);
}

#define assert_rows(wanted) check_rows((wanted), __LINE__)

static const struct column *column(const char *name)
{
	const struct column *c = column_find(slice_of(name));

	assert_non_null(c);
	return c;
}

TEST(by_falling_pss)
{
	begin(1, KEY_NAME, KEY_NAME);
	add_name("a", 10, 99);
	add_name("b", 30, 1);
	add_name("c", 20, 50);
	build();
	assert_rows("b c a ");
	assert_int_equal(report.hidden, 0);
	end();
}

TEST(by_falling_rss_where_pss_is_unknown)
{
	begin(1, KEY_NAME, KEY_NAME);
	add_name("a", UINT64_MAX, 10);
	add_name("b", 99, 5);
	add_name("c", 1, 20);
	build();
	assert_rows("c a b ");
	end();
}

TEST(unknown_is_last_in_both_directions)
{
	begin(1, KEY_NAME, KEY_NAME);
	add_name("a", UINT64_MAX, 1);
	add_name("b", 0, 1);
	add_name("c", 20, 1);
	options.sort = column("pss");
	options.falling = true;
	build();
	assert_rows("c b a ");
	report_free(&report);
	options.falling = false;
	build();
	assert_rows("b c a ");
	end();
}

TEST(an_unknown_key_is_last)
{
	begin(1, KEY_NAME, KEY_NAME);
	add_name(NULL, 5, 1);
	add_name("b", 5, 1);
	add_name("a", 5, 1);
	options.sort = column("name");
	build();
	assert_rows("a b ? ");
	report_free(&report);
	options.falling = true;
	build();
	assert_rows("b a ? ");
	end();
}

/* Ties are broken by bytes, in ascending order in either direction, whatever the order of
 * groups. */
TEST(ties)
{
	static const char *const names[] = {"b", "\xff", "B", "ab", "a", "\x7f", "a b"};

	for (size_t first = 0; first < 7; first++) {
		begin(1, KEY_NAME, KEY_NAME);
		for (size_t i = 0; i < 7; i++)
			add_name(names[(first + i) % 7], 5, 5);
		options.sort = column("pss");
		options.falling = first % 2;
		build();
		assert_rows("B a a b ab b \x7f \xff ");
		end();
	}
}

TEST(processes_of_one_name_by_pid)
{
	static const pid_t pids[] = {100, 20, 3};

	begin(1, KEY_PROCESS, KEY_PROCESS);
	for (size_t i = 0; i < 3; i++) {
		const struct process p = {.known = PROCESS_PID, .pid = pids[i]};

		add(key_intern_process(&snapshot.symbols, &p), 0, 5, 5);
	}
	build();
	assert_rows("3 20 100 ");
	end();
}

/* Equal mappings of two processes must not be in the order in which they were read. */
TEST(mappings_of_two_processes)
{
	struct cell cells[2][2];

	for (int order = 0; order < 2; order++) {
		begin(1, KEY_MAPPING, KEY_MAPPING);
		for (int i = 0; i < 2; i++) {
			const struct process p = {.known = PROCESS_PID, .pid = 1 + (i ^ order)};
			const struct mapping m = {.start = 16, .end = 32, .perms = "rw-p"};
			symbol owner = key_intern_process(&snapshot.symbols, &p);

			add(key_intern_mapping(&snapshot.symbols, &m, owner,
					       key_intern_label(&snapshot.symbols, ORIGIN_KERNEL,
								SLICE("[heap]"))),
			    0, 5, (uint64_t)p.pid);
		}
		options.columns[options.column_count++] = column("rss");
		build();
		for (size_t row = 0; row < 2; row++)
			cells[order][row] = report_row(&report, row)[report.column_count - 1];
		end();
	}
	assert_int_equal(cells[0][0].number, cells[1][0].number);
	assert_int_equal(cells[0][1].number, cells[1][1].number);
}

TEST(limits_hide_rows_and_not_totals)
{
	begin(1, KEY_NAME, KEY_NAME);
	for (char name[] = "a"; name[0] <= 'e'; name[0]++)
		add_name(name, (uint64_t)name[0], 1);
	options.columns[options.column_count++] = column("rss");
	options.limit = 2;
	build();
	assert_rows("e d ");
	assert_int_equal(report.row_count, 2);
	assert_int_equal(report.hidden, 3);
	assert_false(report.totals[0].known);
	assert_int_equal(report.totals[1].number, 5);
	assert_contains(report.notes[report.note_count - 1],
			"3 more rows beyond --limit; the totals include them");
	report_free(&report);
	options.limit = 4;
	build();
	assert_contains(report.notes[report.note_count - 1],
			"1 more row beyond --limit; the totals include it");
	report_free(&report);
	options.limit = 5;
	build();
	assert_int_equal(report.hidden, 0);
	assert_int_equal(report.row_count, 5);
	end();
}

TEST(rows_of_zeros)
{
	begin(1, KEY_NAME, KEY_NAME);
	add_name("a", 0, 0);
	add_name("b", 0, 5);
	add_name("c", UINT64_MAX, 0);
	add_name("d", 0, 0);
	add_name("e", 3, 0);
	options.columns[options.column_count++] = column("mappings");
	options.columns[options.column_count++] = column("pss");
	options.columns[options.column_count++] = column("rss");
	options.hide_zeros = true;
	build();
	assert_rows("b c e "); /* unknown is not zero */
	assert_int_equal(report.zeros, 2);
	assert_int_equal(report.totals[1].number, 10);
	assert_contains(report.notes[report.note_count - 1],
			"2 rows of zeros hidden; -a shows them, the totals count them");
	report_free(&report);
	options.limit = 2;
	build();
	assert_rows("b c ");
	assert_int_equal(report.hidden, 1);
	report_free(&report);
	options.columns[2] = column("swap");
	options.limit = 0;
	options.column_count = 3;
	options.columns[1] = column("swap");
	build();
	assert_rows("");
	assert_int_equal(report.zeros, 5);
	report_free(&report);
	options.column_count = 1;
	build();
	assert_rows("b a c d e "); /* no size is shown */
	report_free(&report);
	options.hide_zeros = false;
	options.column_count = 3;
	build();
	assert_int_equal(report.row_count, 5);
	assert_int_equal(report.zeros, 0);
	end();
}

TEST(hugetlb_pages_are_not_nothing)
{
	begin(1, KEY_NAME, KEY_NAME);
	add_name("a", 0, 0);
	snapshot.groups.groups[0].counters.bytes[COUNTER_PRIVATE_HUGETLB] = 2 << 20;
	options.columns[options.column_count++] = column("pss");
	options.hide_zeros = true;
	build();
	assert_rows("a ");
	end();
}

TEST(processes_of_zeros_stay)
{
	const struct process p = {.known = PROCESS_PID, .pid = 7};

	begin(2, KEY_PROCESS, KEY_NAME);
	add(key_intern_process(&snapshot.symbols, &p), text("a"), 0, 0);
	options.columns[options.column_count++] = column("pss");
	options.hide_zeros = true;
	build();
	assert_int_equal(report.row_count, 1);
	end();
	begin(2, KEY_PROCESS, KEY_KIND);
	add(key_intern_process(&snapshot.symbols, &p), text("anon"), 0, 0);
	options.columns[options.column_count++] = column("pss");
	options.hide_zeros = true;
	build();
	assert_int_equal(report.row_count, 0);
	end();
}

/* Rows that went away or shrank to nothing are a change. */
TEST(changes_to_zero_stay)
{
	static struct trend trends[4];

	begin(1, KEY_NAME, KEY_NAME);
	add_name("a", 0, 0);
	add_name("b", 0, 0);
	add_name("c", 0, 0);
	trends[0] = (struct trend){.change_known = true, .change = -4096};
	trends[1] = (struct trend){.growth_known = true, .growth = -4096};
	trends[2] = (struct trend){.change_known = true, .growth_known = true};
	snapshot.trends = trends;
	options.columns[options.column_count++] = column("pss");
	options.columns[options.column_count++] = column("change");
	options.columns[options.column_count++] = column("growth");
	options.hide_zeros = true;
	build();
	snapshot.trends = NULL;
	assert_rows("a b ");
	end();
}

static void add_command(pid_t pid, const char *line)
{
	struct group g = {.processes = 1};
	const struct record r = {
		.process = {.known = PROCESS_PID | (line ? PROCESS_COMMAND : 0),
			    .pid = pid,
			    .command = slice_of(line ? line : "")},
		.count = 1,
		.groups = &g,
	};

	add(key_intern_process(&snapshot.symbols, &r.process), text("x"), 1, 1);
	assert_true(commands_add(&snapshot.commands, &snapshot.symbols, &r));
}

/* A process may change its command line and stays the same: the line is not part of its key. */
TEST(commands_of_processes)
{
	const struct grouping by_label = {.keys = {KEY_LABEL}, .count = 1};

	begin(2, KEY_PROCESS, KEY_NAME);
	add_command(1, "x --a");
	add_command(2, NULL);
	add_command(3, "x --b");
	options.columns[options.column_count++] = column("command");
	options.sort = column("command");
	build();
	assert_rows("1 3 2 ");
	assert_slice(report_row(&report, 0)[2].text, "x --a");
	assert_slice(report_row(&report, 1)[2].text, "x --b");
	assert_false(report_row(&report, 2)[2].known);
	assert_true(column_suits(column("command"), &snapshot.by));
	assert_false(column_suits(column("command"), &by_label));
	assert_true(column_suits(column("pss"), &by_label));
	assert_int_equal(column_needs(column("command")), NEED_COMMAND | NEED_STAT);
	assert_int_equal(column_needs(column("pss")), 0);
	end();
}

/* A process may be in two subsystems, but has only one name. */
TEST(totals_of_some_rows)
{
	const size_t rows[] = {0, 2};
	const enum key keys[] = {KEY_NAME, KEY_SUBSYSTEM};

	for (int i = 0; i < 2; i++) {
		begin(1, keys[i], keys[i]);
		for (char name[] = "a"; name[0] <= 'c'; name[0]++)
			add_name(name, (uint64_t)name[0] - 'a' + 1, 7);
		snapshot.trends = calloc(4, sizeof(*snapshot.trends));
		for (uint32_t k = 0; k < 3; k++)
			snapshot.trends[k] = (struct trend){.change_known = true,
							    .change = k,
							    .growth_known = k != 1,
							    .growth = -1,
							    .history = {10, 20, 30},
							    .history_count = k + 1};
		options.columns[options.column_count++] = column("rss");
		options.columns[options.column_count++] = column("processes");
		options.columns[options.column_count++] = column("change");
		options.columns[options.column_count++] = column("growth");
		options.columns[options.column_count++] = column("history");
		build();
		report_total(&report, rows, 2);
		assert_int_equal(report.totals[1].number, 14);
		assert_int_equal(report.totals[2].known, i == 0);
		assert_int_equal(report.totals[3].change, 2);
		assert_true(report.totals[4].known);
		assert_int_equal(report.totals[4].change, -2);
		assert_int_equal(report.totals[5].graph->history_count, 3);
		assert_int_equal(report.totals[5].graph->history[0], 10);
		assert_int_equal(report.totals[5].graph->history[2], 30 + 10);
		report_total(&report, rows, 0);
		assert_int_equal(report.totals[1].number, 0);
		end();
	}
}

TEST(no_rows)
{
	begin(1, KEY_NAME, KEY_NAME);
	options.columns[options.column_count++] = column("pss");
	build();
	assert_int_equal(report.row_count, 0);
	assert_true(report.totals[1].known);
	assert_int_equal(report.totals[1].number, 0);
	end();
}

TEST(shares_of_the_total)
{
	begin(1, KEY_NAME, KEY_NAME);
	add_name("a", 30, 0);
	add_name("b", 10, 0);
	options.columns[options.column_count++] = column("pss_percent");
	options.columns[options.column_count++] = column("rss_percent");
	build();
	assert_true(report_row(&report, 0)[1].percent == 75.0);
	assert_true(report_row(&report, 1)[1].percent == 25.0);
	assert_true(report.totals[1].percent == 100.0);
	assert_false(report_row(&report, 0)[2].known); /* of nothing */
	end();
}

TEST(a_column_stands_once)
{
	begin(2, KEY_PROCESS, KEY_NAME);
	options.columns[options.column_count++] = column("rss");
	options.columns[options.column_count++] = column("rss");
	build();
	assert_int_equal(report.key_column_count, 2); /* pid and one name */
	assert_int_equal(report.column_count, 3);
	report_free(&report);
	options.full_keys = true;
	build();
	assert_int_equal(report.key_column_count, 4); /* and start, and whose memory it is */
	end();
}

TEST(columns_by_name_or_header)
{
	assert_string_equal(column("PSS")->name, "pss");
	assert_string_equal(column("%pss")->name, "pss_percent");
	assert_string_equal(column("Procs")->name, "processes");
	assert_null(column_find(SLICE("")));
	assert_null(column_find(SLICE("ps")));
	assert_null(column_find(SLICE("psss")));
	assert_null(column_find(SLICE("pss_anon"))); /* only in the rollup */
	for (size_t i = 0; i < column_count; i++) {
		assert_ptr_equal(column(columns[i].name), &columns[i]);
		assert_ptr_equal(column(columns[i].header), &columns[i]);
	}
}

TEST(coverage_in_words)
{
	begin(1, KEY_NAME, KEY_NAME);
	build();
	assert_string_equal(report.coverage, "1 of 1 process read");
	report_free(&report);
	snapshot.coverage =
		(struct coverage){.seen = 21, .by_outcome = {[OUTCOME_READ] = 1, 6, 5, 4, 3, 2}};
	build();
	assert_string_equal(report.coverage,
			    "1 of 15 processes read; 4 gone; 3 cut short; 2 malformed; "
			    "5 could not be read: no permission when the capture was made; 6 "
			    "more without memory "
			    "(kernel threads, zombies)");
	assert_int_equal(coverage_missed(&snapshot.coverage), 14);
	end();
}

static bool has_note(const char *part)
{
	for (size_t i = 0; i < report.note_count; i++) {
		if (strstr(report.notes[i], part))
			return true;
	}
	return false;
}

TEST(notes)
{
	begin(1, KEY_NAME, KEY_NAME);
	add_name("a", 1, 1);
	snapshot.coverage.shared_swappers = 1;
	snapshot.machine.keeps_labels = ANSWER_UNKNOWN;
	build();
	assert_int_equal(report.note_count, 0);
	report_free(&report);
	snapshot.coverage.shared_swappers = 2;
	snapshot.machine.keeps_labels = ANSWER_NO;
	add_name("b", UINT64_MAX, 1);
	build();
	assert_true(has_note("this kernel keeps no names of memory; see anonmem doctor"));
	assert_true(has_note("PSS is unknown"));
	assert_true(has_note("SWAP counts swapped shared memory once for each process"));
	assert_int_equal(report.note_count, 3);
	report_free(&report);
	snapshot.inferred = true;
	snapshot.refresh = 1;
	build();
	assert_true(has_note(
		"this kernel keeps no names of memory, ~ marks a guess; see anonmem doctor"));
	report_free(&report);
	snapshot.refresh = 2; /* which does not say so again */
	build();
	assert_int_equal(report.note_count, 2);
	end();
}

/* Each sentence about a difference names its field. */
static void add_heap(const char *name, const struct heap_use *heap)
{
	const symbol key = text(name);
	struct group g = {.processes = 1, .mappings = 1, .heap = *heap};

	counters_zero(&g.counters);
	assert_true(aggregate_add_group(&snapshot.groups, &key, &g));
	assert_true(group_add(&snapshot.totals, &g));
}

static void build_heaps(const struct heap_use *first, const struct heap_use *second)
{
	begin(1, KEY_NAME, KEY_NAME);
	snapshot.source = SOURCE_PROC;
	snapshot.heaps = true;
	options.columns[options.column_count++] = column_find(SLICE("heap_used"));
	options.columns[options.column_count++] = column_find(SLICE("HEAPFREE"));
	options.sort = options.columns[0];
	options.falling = true;
	add_heap("a", first);
	add_heap("b", second);
	build();
}

static void check_cell(const struct cell *cell, bool known, bool at_least, uint64_t number)
{
	assert_int_equal(cell->known, known);
	assert_int_equal(cell->at_least, at_least);
	if (known || at_least)
		assert_int_equal(cell->number, number);
}

/* Other memory is no zero of malloc's, and what could not be looked at makes a bound of a sum. */
TEST(heaps)
{
	const struct heap_use none = {0}, lost = {.partial = true};
	const struct heap_use some = {.known = true, .used = 100, .free = 0};
	const struct heap_use part = {.known = true, .partial = true, .used = 70, .free = 9};

	build_heaps(&none, &some);
	check_cell(&report_row(&report, 0)[1], true, false, 100);
	check_cell(&report_row(&report, 0)[2], true, false, 0);
	check_cell(&report_row(&report, 1)[1], false, false, 0);
	check_cell(&report.totals[1], true, false, 100);
	assert_true(has_note("HEAPUSED and HEAPFREE are what malloc had at the moment of reading"));
	assert_false(has_note("lower bounds"));
	end();
	build_heaps(&some, &part);
	check_cell(&report_row(&report, 1)[1], false, true, 70);
	check_cell(&report_row(&report, 1)[2], false, true, 9);
	check_cell(&report.totals[1], false, true, 170);
	assert_true(has_note("a + marks a lower bound"));
	end();
	build_heaps(&lost, &none);
	check_cell(&report.totals[1], false, false, 0);
	assert_true(has_note("unknown: the memory could not be read or identified as malloc's"));
	end();
	build_heaps(&none, &none);
	assert_true(has_note("none of this memory is known to be from glibc's malloc"));
	end();
}

TEST(checks_name_what_differs)
{
	const struct process p = {
		.known = PROCESS_PID | PROCESS_NAME, .pid = 42, .name = SLICE_INIT("prog")};
	struct counters sum = {.known = COUNTERS_ALL_KNOWN}, rollup = sum;
	struct comparison comparison;

	begin(1, KEY_NAME, KEY_NAME);
	snapshot.verified = true;
	snapshot.verification.compared = 1;
	for (int i = 0; i < COUNTER_COUNT; i++)
		rollup.bytes[i] = 65536;
	comparison_make(&comparison, &sum, 1, &rollup, &rollup);
	assert_true(verification_add(&snapshot.verification,
				     key_intern_process(&snapshot.symbols, &p), SYMBOL_NONE,
				     &comparison));
	build();
	assert_contains(
		report.checks[1],
		"process 42 (prog): Rss adds up to 0 bytes, 65536 less than smaps_rollup: ");
	assert_string_equal(report.checks[report.check_count - 1],
			    "1 of 2 processes agree with smaps_rollup");
	for (size_t i = 0; i + 1 < report.check_count; i++)
		assert_null(strstr(report.checks[i], ":  adds"));
	end();
}

TEST(no_checks_unless_verified)
{
	begin(1, KEY_NAME, KEY_NAME);
	build();
	assert_int_equal(report.check_count, 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_falling_pss),
		cmocka_unit_test(by_falling_rss_where_pss_is_unknown),
		cmocka_unit_test(unknown_is_last_in_both_directions),
		cmocka_unit_test(an_unknown_key_is_last),
		cmocka_unit_test(ties),
		cmocka_unit_test(processes_of_one_name_by_pid),
		cmocka_unit_test(mappings_of_two_processes),
		cmocka_unit_test(limits_hide_rows_and_not_totals),
		cmocka_unit_test(rows_of_zeros),
		cmocka_unit_test(hugetlb_pages_are_not_nothing),
		cmocka_unit_test(processes_of_zeros_stay),
		cmocka_unit_test(changes_to_zero_stay),
		cmocka_unit_test(commands_of_processes),
		cmocka_unit_test(totals_of_some_rows),
		cmocka_unit_test(no_rows),
		cmocka_unit_test(shares_of_the_total),
		cmocka_unit_test(a_column_stands_once),
		cmocka_unit_test(columns_by_name_or_header),
		cmocka_unit_test(coverage_in_words),
		cmocka_unit_test(notes),
		cmocka_unit_test(heaps),
		cmocka_unit_test(checks_name_what_differs),
		cmocka_unit_test(no_checks_unless_verified),
	};

	return RUN(tests);
}
