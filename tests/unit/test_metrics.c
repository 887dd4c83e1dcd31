/* metrics: names as values of labels, and a bounded number of series whose sums are exact. */
#include "support.h"

#include "render/metric_value.h"
#include "render/metrics.h"

#include <inttypes.h>

static struct error e;

static struct slice value_of(struct slice name, bool folds)
{
	static char buffer[METRIC_VALUE_MAX];

	return metric_value(name, folds, buffer);
}

#define assert_value(name, wanted) assert_slice(value_of(SLICE(name), true), wanted)

TEST(numbers_become_stars)
{
	assert_value("[anon:worker_17]", "[anon:worker_*]");
	assert_value("worker17", "worker*");
	assert_value("kworker/0:1", "kworker/*:*");
	assert_value("user@1000.service", "user@*.service");
	assert_value("run-3f2a9c81d0.scope", "run-*.scope");
	assert_value("", "");
}

TEST(names_keep_one_digit)
{
	assert_value("~v8 heap", "~v8 heap");
	assert_value("python3.11", "python3.*");
	assert_value("deadbeef", "deadbeef");
	assert_slice(value_of(SLICE("shop-12"), false), "shop-12");
}

TEST(values_are_visible_text)
{
	assert_value("a\nb", "a\xef\xbf\xbd"
			     "b");
	assert_value("\xff", "\xef\xbf\xbd");
	assert_value("\xe2\x80\xae", "\xef\xbf\xbd");
	assert_value("\x1b[m", "\xef\xbf\xbd[m");
	assert_value("h\xc3\xbcte", "h\xc3\xbcte");
	assert_slice(value_of((struct slice){"a\0b", 3}, true), "a\xef\xbf\xbd"
								"b");
}

TEST(values_are_short)
{
	char name[200];
	struct slice value;

	memset(name, 'x', sizeof(name));
	assert_int_equal(value_of((struct slice){name, 64}, true).len, 64);
	value = value_of((struct slice){name, 65}, true);
	assert_int_equal(value.len, 64);
	assert_memory_equal(value.ptr + 61, "...", 3);
	/* Not within a character. */
	memcpy(name + 60, "\xe2\x82\xac", 3);
	value = value_of((struct slice){name, 100}, true);
	assert_int_equal(value.len, 63);
	assert_memory_equal(value.ptr + 60, "...", 3);
}

static void add_group(struct snapshot *s, const char *name, uint64_t pss, uint64_t processes)
{
	symbol key = intern(&s->symbols, slice_of(name));
	struct group g;

	group_zero(&g);
	g.counters.bytes[COUNTER_PSS] = pss;
	g.counters.bytes[COUNTER_RSS] = pss;
	g.mappings = 1;
	g.processes = processes;
	assert_true(aggregate_add_group(&s->groups, &key, &g));
}

static char *write_metrics(const struct snapshot *s, size_t series, enum exposition_format format)
{
	const struct metrics m = {.snapshot = s, .series = series, .version = "1\"2\\3"};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(metrics_write(&m, format, out, &e), 0);
	fclose(out);
	return text;
}

static size_t count_series(const char *text)
{
	size_t count = 0;

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n'), line += line != NULL)
		count += *line != '#';
	return count;
}

static const struct grouping by_name = {.keys = {KEY_NAME}, .count = 1};

TEST(groups_that_look_alike_are_one)
{
	struct snapshot s;
	char *text;

	snapshot_init(&s, SOURCE_PROC, &by_name);
	add_group(&s, "job-1", 100, 1);
	add_group(&s, "job-2", 23, 1);
	add_group(&s, "quo\"ted\\", 7, 2);
	text = write_metrics(&s, METRICS_SERIES, EXPOSITION_PROMETHEUS);
	assert_contains(text, "\nanonmem_pss_bytes{name=\"job-*\"} 123\n");
	assert_contains(text, "\nanonmem_pss_bytes{name=\"quo\\\"ted\\\\\"} 7\n");
	assert_contains(text, "\nanonmem_processes{name=\"quo\\\"ted\\\\\"} 2\n");
	/* A process may be in both. */
	assert_null(strstr(text, "anonmem_processes{name=\"job-*\"}"));
	assert_contains(text, "anonmem_build_info{version=\"1\\\"2\\\\3\"} 1\n");
	free(text);
	snapshot_free(&s);
}

TEST(the_rest_is_summed)
{
	struct snapshot s;
	uint64_t sum = 0;
	char *text;

	snapshot_init(&s, SOURCE_PROC, &by_name);
	for (unsigned i = 0; i < 26 * 26; i++) {
		const char name[] = {(char)('a' + i / 26), (char)('a' + i % 26), '\0'};

		add_group(&s, name, i, 1);
	}
	/* One that is called so joins it. */
	add_group(&s, "(other)", 1000000, 1);
	text = write_metrics(&s, 200, EXPOSITION_PROMETHEUS);
	assert_true(count_series(text) <= 200);
	for (const char *p = text; (p = strstr(p, "\nanonmem_pss_bytes{")); p++)
		sum += strtoull(strchr(p, '}') + 1, NULL, 10);
	assert_int_equal(sum, 1000000 + (26 * 26 - 1) * 26 * 26 / 2);
	assert_contains(text, "anonmem_pss_bytes{name=\"(other)\"}");
	assert_contains(text, "anonmem_pss_bytes{name=\"zz\"} 675\n");
	free(text);
	snapshot_free(&s);
}

TEST(unknown_is_absent)
{
	struct snapshot s;
	char *text;

	snapshot_init(&s, SOURCE_PROC, &by_name);
	add_group(&s, "a", 100, 1);
	s.groups.groups[0].counters.known &= ~COUNTER_BIT(COUNTER_USS);
	text = write_metrics(&s, METRICS_SERIES, EXPOSITION_PROMETHEUS);
	assert_contains(text, "anonmem_swap_bytes{name=\"a\"} 0\n");
	assert_null(strstr(text, "anonmem_uss_bytes{"));
	free(text);
	snapshot_free(&s);
}

/* Large processes are not read; one of them leaves no group without figures. */
TEST(pss_of_what_was_scanned)
{
	struct snapshot s;
	char *text;

	snapshot_init(&s, SOURCE_PROC, &by_name);
	add_group(&s, "a", 100, 1);
	s.groups.groups[0].counters.known &= ~COUNTER_BIT(COUNTER_PSS);
	s.coverage.by_how[HOW_SCANNED] = 1;
	text = write_metrics(&s, METRICS_SERIES, EXPOSITION_PROMETHEUS);
	assert_contains(text, "anonmem_pss_bytes{name=\"a\"} 100\n");
	assert_contains(text, "\nanonmem_processes_scanned 1\n");
	free(text);
	s.groups.groups[0].counters.known &= ~COUNTER_BIT(COUNTER_USS);
	text = write_metrics(&s, METRICS_SERIES, EXPOSITION_PROMETHEUS);
	assert_null(strstr(text, "anonmem_pss_bytes{"));
	free(text);
	snapshot_free(&s);
}

TEST(openmetrics)
{
	struct snapshot s;
	char *text;

	snapshot_init(&s, SOURCE_PROC, &by_name);
	add_group(&s, "a", 100, 1);
	text = write_metrics(&s, METRICS_SERIES, EXPOSITION_OPENMETRICS);
	assert_contains(text, "# UNIT anonmem_pss_bytes bytes\n");
	assert_contains(text, "# TYPE anonmem_build info\nanonmem_build_info{");
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
	snapshot_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_become_stars),
		cmocka_unit_test(names_keep_one_digit),
		cmocka_unit_test(values_are_visible_text),
		cmocka_unit_test(values_are_short),
		cmocka_unit_test(groups_that_look_alike_are_one),
		cmocka_unit_test(the_rest_is_summed),
		cmocka_unit_test(unknown_is_absent),
		cmocka_unit_test(pss_of_what_was_scanned),
		cmocka_unit_test(openmetrics),
	};

	return RUN(tests);
}
