/* values: parsing the values of options, and rejecting invalid ones. */
#include "support.h"

#include "cli/values.h"

static struct error e;

/* The functions may modify their argument. */
static char *copy(const char *text)
{
	static char buffer[256];

	snprintf(buffer, sizeof(buffer), "%s", text);
	return buffer;
}

static void check_refused(int status, const char *part, int line)
{
	if (status != -1 || e.code != ERROR_USAGE || !strstr(e.text, part)) {
		print_error("%d, \"%s\" and not \"%s\"\n", status, e.text, part);
		_fail(__FILE__, line);
	}
	e = (struct error){.code = ERROR_NONE};
}

#define assert_refused(call, part) check_refused((call), (part), __LINE__)

TEST(pids)
{
	pid_t *list = NULL;
	size_t count = 0;

	assert_int_equal(value_pids(copy("7"), &list, &count, &e), 0);
	assert_int_equal(value_pids(copy("1,2147483647"), &list, &count, &e), 0);
	assert_int_equal(count, 3);
	assert_int_equal(list[0], 7);
	assert_int_equal(list[1], 1);
	assert_int_equal(list[2], 2147483647);
	assert_refused(value_pids(copy("0"), &list, &count, &e), "--pid: invalid process id \"0\"");
	assert_refused(value_pids(copy("-1"), &list, &count, &e), "\"-1\"");
	assert_refused(value_pids(copy("2147483648"), &list, &count, &e), "--pid");
	assert_refused(value_pids(copy("1,x,3"), &list, &count, &e), "\"x\"");
	assert_refused(value_pids(copy(""), &list, &count, &e), "no process id given");
	assert_refused(value_pids(copy(" \n"), &list, &count, &e), "no process id given");
	assert_refused(value_pids(copy("1,,2"), &list, &count, &e), "\"\"");
	assert_refused(value_pids(copy(", 2"), &list, &count, &e), "\"\"");
	assert_refused(value_pids(copy("1,"), &list, &count, &e), "\"\"");
	free(list);
}

/* Separated like the output of pgrep and pidof, or by people. */
TEST(separated_pids)
{
	static const char *const texts[] = {"1\n2\n3\n", "1 2 3", " 1, 2 ,3\r\n", "1,2\t3"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		pid_t *list = NULL;
		size_t count = 0;

		assert_int_equal(value_pids(copy(texts[i]), &list, &count, &e), 0);
		assert_int_equal(count, 3);
		for (pid_t pid = 1; pid <= 3; pid++)
			assert_int_equal(list[pid - 1], pid);
		free(list);
	}
}

TEST(words_that_are_pids)
{
	assert_true(value_is_pids("1234"));
	assert_true(value_is_pids("1\n2,3"));
	assert_true(value_is_pids("0"));
	assert_false(value_is_pids(""));
	assert_false(value_is_pids("./1234"));
	assert_false(value_is_pids("12x"));
	assert_false(value_is_pids("-1"));
	assert_false(value_is_pids(","));
}

TEST(regexes)
{
	regex_t pattern;

	assert_int_equal(value_regex("^(a|b)$", &pattern, &e), 0);
	assert_int_equal(regexec(&pattern, "b", 0, NULL, 0), 0);
	regfree(&pattern);
	assert_refused(value_regex("(", &pattern, &e),
		       "--name: invalid regular expression \"(\": ");
}

TEST(users)
{
	uint32_t uid = 1;

	assert_int_equal(value_user("root", &uid, &e), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(value_user("4294967295", &uid, &e), 0);
	assert_int_equal(uid, UINT32_MAX);
	assert_refused(value_user("4294967296", &uid, &e), "--user: unknown user");
	assert_refused(value_user("-1", &uid, &e), "\"-1\"");
	assert_refused(value_user("", &uid, &e), "--user");
	assert_refused(value_user("no such user", &uid, &e), "\"no such user\"");
}

TEST(kinds)
{
	unsigned kinds = 0;

	assert_int_equal(value_kinds(copy("ANON,File"), &kinds, &e), 0);
	assert_int_equal(kinds, 1U << KIND_ANON | 1U << KIND_FILE);
	assert_int_equal(value_kinds(copy("special,anon"), &kinds, &e), 0);
	assert_int_equal(kinds, 1U << KIND_ANON | 1U << KIND_FILE | 1U << KIND_SPECIAL);
	assert_refused(value_kinds(copy("anon,none"), &kinds, &e), "--kind: invalid kind \"none\"");
	assert_refused(value_kinds(copy(""), &kinds, &e), "anon, shmem, file or special");
}

TEST(groupings)
{
	struct grouping by = {.count = 0};

	assert_int_equal(value_grouping(copy("NAME,Label"), &by, &e), 0);
	assert_int_equal(value_grouping(copy("label,user,name"), &by, &e), 0);
	assert_int_equal(by.count, 3);
	assert_int_equal(by.keys[0], KEY_NAME);
	assert_int_equal(by.keys[1], KEY_LABEL);
	assert_int_equal(by.keys[2], KEY_USER);
	assert_refused(value_grouping(copy("pid"), &by, &e), "--by: unknown key \"pid\"");
	by.count = 0;
	assert_int_equal(
		value_grouping(copy("label,subsystem,kind,process,name,user,cgroup,"
				    "container,pod,unit,command,file,mapping,segment,label"),
			       &by, &e),
		0);
	assert_int_equal(by.count, KEY_COUNT);
}

static void choose(struct column_choice *choice, const char *text)
{
	*choice = (struct column_choice){.count = 0};
	assert_int_equal(value_columns(copy(text), false, choice, &e), 0);
}

TEST(columns_)
{
	struct column_choice choice;

	choose(&choice, "pss,RSS,%Pss,rss");
	assert_true(choice.replaces);
	assert_int_equal(choice.count, 3);
	assert_string_equal(choice.list[0]->name, "pss");
	assert_string_equal(choice.list[1]->name, "rss");
	assert_string_equal(choice.list[2]->name, "pss_percent");
	assert_refused(value_columns(copy("label"), false, &choice, &e), "label is a key");
	assert_refused(value_columns(copy("nothing"), false, &choice, &e),
		       "unknown column \"nothing\"");
	assert_refused(value_columns(copy(""), false, &choice, &e), "unknown column \"\"");
	assert_refused(value_columns(copy("+"), false, &choice, &e), "unknown column \"\"");
	assert_refused(value_columns(copy("rss,+pss"), false, &choice, &e), "\"+pss\"");
}

TEST(columns_beside_the_default)
{
	struct column_choice choice;

	choose(&choice, "+locked,pss");
	assert_false(choice.replaces);
	assert_int_equal(choice.count, 2);
	choose(&choice, "+locked,+pss");
	assert_false(choice.replaces);
	assert_int_equal(choice.count, 2);
	assert_int_equal(value_columns(copy("rss"), false, &choice, &e), 0);
	assert_true(choice.replaces);
	assert_int_equal(choice.count, 3);
}

TEST(all_columns)
{
	struct column_choice choice;
	size_t count;

	choose(&choice, "all");
	assert_true(choice.replaces);
	count = choice.count;
	for (size_t i = 0; i < count; i++)
		assert_true(column_is_offered(choice.list[i], false));
	choose(&choice, "+ALL,rss");
	assert_false(choice.replaces);
	assert_int_equal(choice.count, count);
	assert_int_equal(value_columns(copy("all"), true, &choice, &e), 0);
	assert_true(choice.count > count);
}

TEST(sorts)
{
	static const struct {
		const char *text, *column;
		bool falling;
	} cases[] = {
		{"rss", "rss", true},	    {"+rss", "rss", false},
		{"-rss", "rss", true},	    {"%PSS", "pss_percent", true},
		{"maps", "mappings", true}, {"growth", "growth", true},
		{"label", "label", false},  {"-label", "label", true},
		{"+label", "label", false}, {"pid", "pid", false},
		{"start", "start", false},
	};
	const struct column *sort;
	bool falling;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(value_sort(cases[i].text, &sort, &falling, &e), 0);
		assert_string_equal(sort->name, cases[i].column);
		assert_int_equal(falling, cases[i].falling);
	}
	assert_refused(value_sort("", &sort, &falling, &e), "--sort");
	assert_refused(value_sort("-", &sort, &falling, &e), "unknown column \"\"");
	assert_refused(value_sort("--pss", &sort, &falling, &e), "\"-pss\"");
	assert_refused(value_sort("+-pss", &sort, &falling, &e), "\"-pss\"");
}

TEST(limits)
{
	size_t limit = 5;

	assert_int_equal(value_limit("0", &limit, &e), 0);
	assert_int_equal(limit, 0);
	assert_int_equal(value_limit("100", &limit, &e), 0);
	assert_int_equal(limit, 100);
	assert_refused(value_limit("-1", &limit, &e), "--limit: invalid row count \"-1\"");
	assert_refused(value_limit("x", &limit, &e), "\"x\"");
	assert_refused(value_limit("", &limit, &e), "--limit");
}

TEST(jobs)
{
	unsigned jobs = 5;

	assert_int_equal(value_jobs("1", &jobs, &e), 0);
	assert_int_equal(jobs, 1);
	assert_int_equal(value_jobs("1024", &jobs, &e), 0);
	assert_int_equal(jobs, 1024);
	assert_refused(value_jobs("0", &jobs, &e),
		       "--jobs: invalid number \"0\": expected 1 to 1024");
	assert_refused(value_jobs("1025", &jobs, &e), "\"1025\"");
	assert_refused(value_jobs("-1", &jobs, &e), "\"-1\"");
	assert_refused(value_jobs("", &jobs, &e), "--jobs");
}

TEST(durations)
{
	static const char *const wrong[] = {"",	     "2",   "ms", "2 ms", "-2ms",  "0ms",
					    "0.5us", "61s", "2m", "2msx", "nanms", "infs",
					    "1e99s", "2MS", "s",  "1,5ms"};
	uint64_t ns;

	assert_int_equal(value_duration("2ms", &ns, &e), 0);
	assert_int_equal(ns, 2000000);
	assert_int_equal(value_duration("500us", &ns, &e), 0);
	assert_int_equal(ns, 500000);
	assert_int_equal(value_duration("1.5ms", &ns, &e), 0);
	assert_int_equal(ns, 1500000);
	assert_int_equal(value_duration("1us", &ns, &e), 0);
	assert_int_equal(ns, 1000);
	assert_int_equal(value_duration("60s", &ns, &e), 0);
	assert_true(ns == UINT64_C(60000000000));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_refused(value_duration(wrong[i], &ns, &e), "--max-stall: ");
}

TEST(words)
{
	const struct renderer *renderer;
	enum units units;
	enum option_color color;

	assert_int_equal(value_format("csv", true, &renderer, &e), 0);
	assert_ptr_equal(renderer, &render_csv);
	assert_int_equal(value_format("JSON", true, &renderer, &e), 0);
	assert_ptr_equal(renderer, &render_json);
	assert_refused(value_format("xml", true, &renderer, &e),
		       "--format: invalid format \"xml\": expected table");
	assert_int_equal(value_units("g", &units, &e), 0);
	assert_int_equal(units, UNITS_GIB);
	assert_int_equal(value_units("b", &units, &e), 0);
	assert_int_equal(units, UNITS_BYTES);
	assert_int_equal(value_units("M", &units, &e), 0);
	assert_int_equal(units, UNITS_MIB);
	assert_refused(value_units("t", &units, &e), "--units: invalid unit \"t\"");
	assert_int_equal(value_color("Never", &color, &e), 0);
	assert_int_equal(color, COLOR_NEVER);
	assert_refused(value_color("", &color, &e), "--color: invalid value \"\"");
}

TEST(lists_grow)
{
	char a[] = "a", b[] = "b", **list = NULL;
	size_t count = 0;

	assert_int_equal(value_append(a, &list, &count, &e), 0);
	assert_int_equal(value_append(b, &list, &count, &e), 0);
	assert_int_equal(count, 2);
	assert_ptr_equal(list[0], a);
	assert_ptr_equal(list[1], b);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pids),
		cmocka_unit_test(separated_pids),
		cmocka_unit_test(words_that_are_pids),
		cmocka_unit_test(regexes),
		cmocka_unit_test(users),
		cmocka_unit_test(kinds),
		cmocka_unit_test(groupings),
		cmocka_unit_test(columns_),
		cmocka_unit_test(columns_beside_the_default),
		cmocka_unit_test(all_columns),
		cmocka_unit_test(sorts),
		cmocka_unit_test(limits),
		cmocka_unit_test(jobs),
		cmocka_unit_test(durations),
		cmocka_unit_test(words),
		cmocka_unit_test(lists_grow),
	};

	return RUN(tests);
}
