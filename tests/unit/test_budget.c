/* budget: limits as they are written, and what is at them, just below and just above. */
#include "support.h"

#include "cli/budget.h"

static struct budget budget;
static struct error e;

static int tear_down(void **state)
{
	(void)state;
	budget_free(&budget);
	e = (struct error){.code = ERROR_NONE};
	return 0;
}

/* 0, or -1 if the limit is refused. */
static int add(char *max, char *growth)
{
	struct budget_line line = {.max = &max,
				   .max_count = max != NULL,
				   .growth = &growth,
				   .growth_count = growth != NULL};

	budget_free(&budget);
	return budget_add(&budget, &line, 0, &e);
}

static bool put(struct budget_runs *runs, uint64_t bytes)
{
	struct usage *usages = budget_runs_add(runs, &budget);

	if (usages)
		usages->exists = true;
	return usages && usage_put(usages, SLICE(""), bytes, false);
}

static enum verdict judge(uint64_t before, uint64_t now)
{
	struct budget_runs was = {NULL, 0}, is = {NULL, 0};
	struct judgement j;
	enum verdict verdict;

	assert_true(put(&was, before) && put(&is, now));
	assert_int_equal(budget_judge(&budget, 0, &is, &was, &j, &e), 0);
	verdict = j.verdict;
	judgement_free(&j);
	budget_runs_free(&was, &budget);
	budget_runs_free(&is, &budget);
	return verdict;
}

TEST(limits)
{
	static struct {
		char text[24];
		uint64_t bytes;
	} rows[] = {
		{"pss=460K", 460 << 10},
		{"4096", 4096},
		{"1.5G", UINT64_C(3) << 29},
		{"rss=2MiB", 2 << 20},
		{"0.5k", 512},
		{"3T", UINT64_C(3) << 40},
		{"0", 0},
		{"uss=1gIb", 1 << 30},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(add(rows[i].text, NULL), 0);
		assert_int_equal(budget.list[0].size, rows[i].bytes);
		assert_int_equal(judge(0, rows[i].bytes), VERDICT_WITHIN);
		assert_int_equal(judge(0, rows[i].bytes + 1), VERDICT_OVER);
	}
}

TEST(no_limits)
{
	static char rows[][24] = {"pss=400 ",  "400 iB", "400M ", "400 M", "pss=",  "M",
				  "-1",	       "1X",	 "1KB",	  "nan",   "inf",   "1e30",
				  "pss=1K,2K", "name=1", "1K\v",  "1%",	   "pss=1%"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(add(rows[i], NULL), -1);
		assert_int_equal(e.code, ERROR_USAGE);
		e = (struct error){.code = ERROR_NONE};
	}
}

/* What has grown by exactly as much as it may is within the limit, whatever the percentage. */
TEST(at_the_limit_of_growth)
{
	enum { PAGE = 4096, PERCENT = 100 };
	char text[24];

	for (uint64_t percent = 0; percent <= 2 * PERCENT; percent++) {
		snprintf(text, sizeof(text), "%d%%", (int)percent);
		assert_int_equal(add(NULL, text), 0);
		for (uint64_t pages = 1; pages < 100000; pages = 3 * pages + 1) {
			uint64_t before = PERCENT * pages * PAGE,
				 limit = (PERCENT + percent) * pages * PAGE;

			assert_int_equal(judge(before, limit), VERDICT_WITHIN);
			assert_int_equal(judge(before, limit + 1), VERDICT_OVER);
		}
	}
}

TEST(fractions_of_a_percent)
{
	static struct {
		char text[24];
		uint64_t before, limit;
	} rows[] = {
		{"0.1%", 1000000, 1001000},
		{"0.7%", UINT64_C(1000) << 40, UINT64_C(1007) << 40},
		{"12.5%", 7 << 20, (7 << 20) + (7 << 17)},
		{"0.0001%", 1000000, 1000001},
		{"0.3%", 10, 10},
		{"1000000%", 3, 30003},
		{"5%", COUNTER_MAX, COUNTER_MAX},
		{"1000000%", COUNTER_MAX / 2, COUNTER_MAX},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(add(NULL, rows[i].text), 0);
		assert_int_equal(judge(rows[i].before, rows[i].limit), VERDICT_WITHIN);
		if (rows[i].limit < COUNTER_MAX)
			assert_int_equal(judge(rows[i].before, rows[i].limit + 1), VERDICT_OVER);
	}
	assert_int_equal(add(NULL, (char[]){"1000001%"}), -1);
	assert_int_equal(add(NULL, (char[]){"-1%"}), -1);
	assert_int_equal(add(NULL, (char[]){"5 %"}), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(limits, tear_down),
		cmocka_unit_test_teardown(no_limits, tear_down),
		cmocka_unit_test_teardown(at_the_limit_of_growth, tear_down),
		cmocka_unit_test_teardown(fractions_of_a_percent, tear_down),
	};

	return RUN(tests);
}
