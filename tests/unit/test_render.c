/* render: a small report in the three formats, with malicious names. */
#include "support.h"

#include "render/render.h"

#include <locale.h>

static struct snapshot snapshot;
static struct report_options options;
static struct render_options how;

static void add(const char *name, uint64_t pss)
{
	symbol key = intern(&snapshot.symbols, slice_of(name));
	struct group g = {.processes = 1, .mappings = 2};

	counters_zero(&g.counters);
	g.counters.bytes[COUNTER_PSS] = pss;
	if (pss == UINT64_MAX) {
		g.counters.bytes[COUNTER_PSS] = 0;
		g.counters.known = 0;
	}
	assert_true(aggregate_add_group(&snapshot.groups, &key, &g));
	assert_true(group_add(&snapshot.totals, &g));
}

static int set_up(void **state)
{
	const struct grouping by = {.keys = {KEY_NAME}, .count = 1};

	(void)state;
	setlocale(LC_ALL, "C.UTF-8");
	snapshot_init(&snapshot, SOURCE_SMAPS, &by);
	snapshot.coverage.seen = snapshot.coverage.by_outcome[OUTCOME_READ] = 1;
	options = (struct report_options){.column_count = 1};
	options.columns[0] = column_find(SLICE("pss"));
	how = (struct render_options){.header = true, .version = "1.2.3"};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_free(&snapshot);
	return 0;
}

static char *render(const struct renderer *renderer)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct report report;
	struct error e;

	assert_int_equal(report_build(&snapshot, &options, &report, &e), 0);
	assert_int_equal(renderer->render(&report, &how, out, &e), 0);
	report_free(&report);
	fclose(out);
	return text;
}

static void check(const struct renderer *renderer, const char *wanted, int line)
{
	char *got = render(renderer);

	if (strcmp(got, wanted) != 0) {
		print_error("got:\n%s\nwanted:\n%s\n", got, wanted);
		_fail(__FILE__, line);
	}
	free(got);
}

#define assert_rendered(renderer, wanted) check(&(renderer), (wanted), __LINE__)

TEST(a_table)
{
	how.quiet = true;
	add("bash", 4096);
	add("a longer name", 1024 * 1024);
	assert_rendered(render_table, "NAME            PSS\n"
				      "a longer name  1.0M\n"
				      "bash           4.0K\n"
				      "TOTAL          1.0M\n");
	how.header = false;
	how.units = UNITS_BYTES;
	assert_rendered(render_table, "a longer name  1048576\n"
				      "bash              4096\n"
				      "TOTAL          1052672\n");
}

TEST(unknown_in_a_table)
{
	how.quiet = true;
	add("a", UINT64_MAX);
	add("b", 0);
	assert_rendered(render_table, "NAME   PSS\n"
				      "b        0\n"
				      "a        -\n"
				      "TOTAL    -\n");
}

TEST(a_table_with_coverage)
{
	add("b", 0);
	assert_rendered(render_table, "NAME   PSS\nb        0\nTOTAL    0\n1 of 1 process read\n");
	how.color = true;
	assert_rendered(render_table, "\033[1mNAME   PSS\033[0m\nb        0\n"
				      "\033[1mTOTAL    0\033[0m\n"
				      "\033[2m1 of 1 process read\033[0m\n");
}

TEST(a_narrow_table)
{
	how.quiet = true;
	how.width = 18;
	add("abcdefghijklmnopqrstuvwxyz", 0);
	add("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2"
	    "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2",
	    0);
	/* Wide letters take two columns each. */
	assert_rendered(render_table, "NAME           PSS\n"
				      "abcdef\xe2\x80\xa6tuvwxyz   0\n"
				      "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe2\x80\xa6\xe6\xbc\xa2"
				      "\xe6\xbc\xa2\xe6\xbc\xa2    0\n"
				      "TOTAL            0\n");
}

static void add_hostile(void)
{
	add("a\x1b[31m\n\"b\",\\", 3);
	add("c\xc2\x9b\xe2\x80\xae"
	    "d\x7f",
	    2);
	add("e\xff", 1);
}

static void show_columns(const char *names)
{
	options.column_count = 0;
	while (*names) {
		size_t len = strcspn(names, " ");

		options.columns[options.column_count++] = column_find((struct slice){names, len});
		names += len + strspn(names + len, " ");
	}
}

TEST(columns_that_can_be_spared_go_first)
{
	const struct column *expendable[] = {column_find(SLICE("swap")), column_find(SLICE("rss"))};

	show_columns("pss rss swap uss");
	how.expendable = expendable;
	how.expendable_count = 2;
	add("a rather long name of a process", 4096);
	how.width = 40;
	assert_rendered(render_table, "NAME                    PSS RSS SWAP USS\n"
				      "a rather l…f a process 4.0K   0    0   0\n"
				      "TOTAL                  4.0K   0    0   0\n"
				      "1 of 1 process read\n");
	how.width = 36;
	assert_rendered(render_table, "NAME                     PSS RSS USS\n"
				      "a rather lo…f a process 4.0K   0   0\n"
				      "TOTAL                   4.0K   0   0\n"
				      "1 of 1 process read\n"
				      "no room for SWAP; -o chooses columns\n");
	how.width = 14;
	assert_rendered(render_table, "NAME   PSS USS\n"
				      "a …ss 4.0K   0\n"
				      "TOTAL 4.0K   0\n"
				      "1 of 1 process read\n"
				      "no room for RSS, SWAP; -o chooses columns\n");
	how.quiet = true;
	how.expendable_count = 0;
	how.width = 20;
	assert_rendered(render_table, "…E  PSS RSS SWAP USS\n"
				      "…s 4.0K   0    0   0\n"
				      "…L 4.0K   0    0   0\n");
}

TEST(a_long_name_widens_nothing)
{
	how.quiet = true;
	how.text_max = 12;
	add("b", 4096);
	add("/a/very/long/path/to/somewhere", 4096);
	assert_rendered(render_table, "NAME           PSS\n"
				      "/a/ve…ewhere  4.0K\n"
				      "b             4.0K\n"
				      "TOTAL         8.0K\n");
	assert_rendered(render_csv,
			"name,pss\r\n/a/very/long/path/to/somewhere,4096\r\nb,4096\r\n");
}

/* The totals have no command, and the line has no trailing blanks. */
TEST(a_command_in_the_totals)
{
	char *got;

	show_columns("pss command");
	how.quiet = true;
	add("a", 4096);
	assert_rendered(render_table, "NAME    PSS  COMMAND\n"
				      "a      4.0K  -\n"
				      "TOTAL  4.0K\n");
	got = render(&render_json);
	assert_contains(got, "\"totals\": {\"pss\":4096},");
	assert_contains(got, "{\"name\":\"a\",\"pss\":4096,\"command\":null}");
	free(got);
}

TEST(what_totals_are_of)
{
	how.quiet = true;
	how.total = "selected";
	add("a", 1);
	add("TOTAL (selected)", 2);
	assert_rendered(render_table, "NAME                 PSS\n"
				      "\\124OTAL (selected)    2\n"
				      "a                      1\n"
				      "TOTAL (selected)       3\n");
}

TEST(hostile_names_in_a_table)
{
	how.quiet = true;
	add_hostile();
	assert_rendered(render_table, "NAME                        PSS\n"
				      "a\\033[31m\\n\"b\",\\\\             3\n"
				      "c\\302\\233\\342\\200\\256d\\177    2\n"
				      "e\\377                         1\n"
				      "TOTAL                         6\n");
}

TEST(hostile_names_in_csv)
{
	add_hostile();
	assert_rendered(render_csv, "name,pss\r\n"
				    "\"a\\033[31m\\n\"\"b\"\",\\\\\",3\r\n"
				    "c\\302\\233\\342\\200\\256d\\177,2\r\n"
				    "e\\377,1\r\n");
}

TEST(csv)
{
	add("plain", 4096);
	add("x,y", UINT64_MAX);
	how.units = UNITS_MIB; /* still bytes */
	assert_rendered(render_csv, "name,pss\r\nplain,4096\r\n\"x,y\",\r\n");
	how.header = false;
	assert_rendered(render_csv, "plain,4096\r\n\"x,y\",\r\n");
}

TEST(hostile_names_in_json)
{
	char *got;

	add_hostile();
	add("\xf0\x9f\x98\x80\xf3\xa0\x80\x81", 0); /* one is shown, one is escaped */
	got = render(&render_json);
	assert_contains(got, "{\"name\":\"a\\u001b[31m\\u000a\\\"b\\\",\\\\\",\"pss\":3}");
	assert_contains(got, "{\"name\":\"c\\u009b\\u202ed\\u007f\",\"pss\":2}");
	assert_contains(got, "{\"name\":\"e\\\\377\",\"pss\":1}");
	assert_contains(got, "{\"name\":\"\xf0\x9f\x98\x80\\udb40\\udc01\",\"pss\":0}");
	free(got);
}

TEST(numbers_in_json)
{
	char *got;

	add("large", INT64_MAX);
	add("unknown", UINT64_MAX);
	got = render(&render_json);
	assert_contains(got, "{\"name\":\"large\",\"pss\":9223372036854775807}");
	assert_contains(got, "{\"name\":\"unknown\",\"pss\":null}");
	assert_contains(got, "\"totals\": {\"pss\":null}");
	assert_contains(got, "\"schema\": \"anonmem/1\"");
	assert_contains(got, "\"version\":\"1.2.3\"");
	assert_contains(got, "\"time\": null");
	assert_contains(got, "\"host\": null");
	free(got);
}

TEST(time_and_machine_in_json)
{
	char *got;

	snapshot.machine.time_known = true;
	snapshot.machine.time.tv_sec = 1700000000;
	strcpy(snapshot.machine.host, "box\x1b");
	snapshot.machine.keeps_labels = ANSWER_NO;
	snapshot.machine.meminfo_known = true;
	snapshot.machine.meminfo.known[MEMINFO_TOTAL] = true;
	snapshot.machine.meminfo.bytes[MEMINFO_TOTAL] = 16384;
	got = render(&render_json);
	assert_contains(got, "\"time\": \"2023-11-14T22:13:20Z\"");
	assert_contains(got, "\"host\": \"box\\u001b\"");
	assert_contains(got, "\"kernel_labels\": false");
	assert_contains(got, "\"mem_total\":16384");
	assert_contains(got, "\"swap_total\":null");
	assert_contains(got, "\"groups\": [],");
	free(got);
}

#define RENDER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RENDER_TEST(a_table),
		RENDER_TEST(unknown_in_a_table),
		RENDER_TEST(a_table_with_coverage),
		RENDER_TEST(a_narrow_table),
		RENDER_TEST(columns_that_can_be_spared_go_first),
		RENDER_TEST(a_long_name_widens_nothing),
		RENDER_TEST(a_command_in_the_totals),
		RENDER_TEST(what_totals_are_of),
		RENDER_TEST(hostile_names_in_a_table),
		RENDER_TEST(hostile_names_in_csv),
		RENDER_TEST(csv),
		RENDER_TEST(hostile_names_in_json),
		RENDER_TEST(numbers_in_json),
		RENDER_TEST(time_and_machine_in_json),
	};

	return RUN(tests);
}
