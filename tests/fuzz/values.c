/* The values of options: the first byte selects the option. They may be modified, so each is a
 * copy. */
#include "cli/values.h"

#include "fuzz.h"

/* Lists that grow. */
static int try_list(unsigned which, char *text, struct error *e)
{
	struct column_choice choice = {.count = 0};
	struct grouping by = {.count = 0};
	pid_t *pids = NULL;
	unsigned kinds = 0;
	size_t count = 0;
	int status;

	switch (which) {
	case 0:
		status = value_pids(text, &pids, &count, e);
		for (size_t i = 0; i < count; i++)
			CHECK(pids[i] > 0);
		free(pids);
		return status;
	case 1:
		return value_kinds(text, &kinds, e);
	case 2:
		status = value_grouping(text, &by, e);
		CHECK(by.count <= KEY_COUNT);
		return status;
	default:
		status = value_columns(text, true, &choice, e);
		CHECK(choice.count <= column_count);
		return status;
	}
}

static int try_pattern(const char *text, struct error *e)
{
	regex_t pattern;

	if (is_costly(slice_of(text)))
		return 0;
	if (value_regex(text, &pattern, e) < 0)
		return -1;
	regfree(&pattern);
	return 0;
}

static int try_time(unsigned which, const char *text, struct error *e)
{
	uint64_t ns = 1000;
	int status = which ? value_delay(text, &ns, e) : value_duration(text, &ns, e);

	CHECK(ns <= UINT64_C(86400) * 1000000000 && (which || ns >= 1000));
	return status;
}

static int try_one(unsigned which, char *text, struct error *e)
{
	const struct renderer *renderer;
	const struct column *sort;
	enum option_color color;
	enum units units;
	unsigned jobs = 1;
	bool falling;
	size_t limit;
	uint64_t n;

	switch (which) {
	case 4:
		return value_sort(text, &sort, &falling, e);
	case 5:
		return value_limit(text, &limit, e);
	case 6:
		return value_jobs(text, &jobs, e);
	case 7:
		return value_iterations(text, &n, e);
	case 8:
		return value_format(text, true, &renderer, e);
	case 9:
		return value_units(text, &units, e);
	case 10:
		return value_color(text, &color, e);
	case 11:
	case 12:
		return try_time(which - 11, text, e);
	case 13:
		return try_pattern(text, e);
	default:
		return try_list(which, text, e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};
	struct error e = {.code = ERROR_NONE};
	unsigned which = take_u8(&in) % 14;
	char *text = copy_string(in);

	if (try_one(which, text, &e) < 0)
		CHECK(e.code == ERROR_USAGE && strlen(e.text) > 0);
	free(text);
	return 0;
}
