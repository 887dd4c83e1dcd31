#include "cli/values.h"

#include "render/metrics.h"
#include "render/renderers.h"
#include "watch/driver.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bsd/stdlib.h>

int value_append(char *value, char ***list, size_t *count, struct error *e)
{
	char **larger = reallocarray(*list, *count + 1, sizeof(*larger));

	if (!larger)
		return error_memory(e);
	*list = larger;
	larger[(*count)++] = value;
	return 0;
}

static const char blanks[] = " \t\r\n";

/* Takes the next pid of a list, separated by blanks or newlines, as pgrep and pidof print them, or
 * by commas, which need something between them. NULL at the end. */
static char *take_pid(char **list)
{
	char *pid = *list, *end;

	if (!pid)
		return NULL;
	pid += strspn(pid, blanks);
	end = pid + strcspn(pid, ", \t\r\n");
	*list = end + strspn(end, blanks);
	if (**list == ',')
		++*list;
	else if (**list == '\0')
		*list = NULL;
	*end = '\0';
	return pid;
}

int value_pids(char *value, pid_t **pids, size_t *count, struct error *e)
{
	char *part;

	if (value[strspn(value, blanks)] == '\0')
		return error_set(e, ERROR_USAGE,
				 "--pid: no process id given (did pgrep find none?)");
	while ((part = take_pid(&value)) != NULL) {
		const char *wrong;
		long long pid = strtonum(part, 1, INT_MAX, &wrong);
		pid_t *larger;

		if (wrong)
			return error_set(e, ERROR_USAGE,
					 "--pid: invalid process id \"%s\": expected a number; "
					 "--name selects by name",
					 part);
		larger = reallocarray(*pids, *count + 1, sizeof(*larger));
		if (!larger)
			return error_memory(e);
		*pids = larger;
		larger[(*count)++] = (pid_t)pid;
	}
	return 0;
}

bool value_is_pids(const char *word)
{
	return isdigit((unsigned char)word[0]) && word[strspn(word, "0123456789, \t\r\n")] == '\0';
}

int value_regex(const char *value, regex_t *pattern, struct error *e)
{
	int status = regcomp(pattern, value, REG_EXTENDED | REG_NOSUB);
	char why[128];

	if (status == 0)
		return 0;
	if (status == REG_ESPACE)
		return error_memory(e);
	regerror(status, pattern, why, sizeof(why));
	return error_set(e, ERROR_USAGE, "--name: invalid regular expression \"%s\": %s", value,
			 why);
}

int value_user(const char *value, uint32_t *uid, struct error *e)
{
	const struct passwd *entry;
	const char *wrong;
	long long number;
	int error;

	errno = 0;
	entry = getpwnam(value);
	error = errno;
	if (entry) {
		*uid = entry->pw_uid;
		return 0;
	}
	number = strtonum(value, 0, UINT32_MAX, &wrong);
	if (wrong && (error == EIO || error == EMFILE || error == ENFILE || error == ENOMEM)) {
		errno = error;
		return error_errno(e, "--user: cannot look up \"%s\"", value);
	}
	if (wrong)
		return error_set(e, ERROR_USAGE, "--user: unknown user \"%s\"", value);
	*uid = (uint32_t)number;
	return 0;
}

/* Finds a name, ignoring case. */
static int find_name(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

int value_kinds(char *value, unsigned *kinds, struct error *e)
{
	char *part;

	while ((part = strsep(&value, ",")) != NULL) {
		int kind = find_name(part, kind_names, KIND_COUNT);

		if (kind < 0)
			return error_set(e, ERROR_USAGE,
					 "--kind: invalid kind \"%s\": expected anon, shmem, file "
					 "or special",
					 part);
		*kinds |= 1U << kind;
	}
	return 0;
}

int value_grouping(char *value, struct grouping *by, struct error *e)
{
	char *part;

	while ((part = strsep(&value, ",")) != NULL) {
		int key = find_name(part, key_names, KEY_COUNT);

		if (key < 0)
			return error_set(e, ERROR_USAGE,
					 "--by: unknown key \"%s\": expected label, subsystem, "
					 "kind, process, "
					 "name, user, cgroup, container, pod, unit, command, "
					 "file, mapping or segment",
					 part);
		if (!grouping_has(by, (enum key)key))
			by->keys[by->count++] = (enum key)key;
	}
	return 0;
}

/* Adds a column; if it is there already, it stays where it is. */
static void add_column(struct column_choice *choice, const struct column *column)
{
	size_t i = 0;

	while (i < choice->count && choice->list[i] != column)
		i++;
	if (i == choice->count)
		choice->list[choice->count++] = column;
}

static int add_named(struct column_choice *choice, const char *name, struct error *e)
{
	const struct column *column = column_find(slice_of(name));

	if (!column)
		return error_set(e, ERROR_USAGE,
				 "--columns: unknown column \"%s\"; see anonmem --columns help",
				 name);
	if (column->role == COLUMN_KEY)
		return error_set(e, ERROR_USAGE, "--columns: %s is a key; choose it with --by",
				 name);
	add_column(choice, column);
	return 0;
}

bool column_is_offered(const struct column *column, bool watch)
{
	return column->role != COLUMN_KEY && (column->role != COLUMN_TREND || watch) &&
	       (column->role != COLUMN_CGROUP || !watch);
}

/* `all` excludes two: the command line may contain a secret, and examining single pages costs more.
 * Both are shown only if named. */
int value_columns(char *value, bool watch, struct column_choice *choice, struct error *e)
{
	bool adds = value[0] == '+';
	char *part;

	while ((part = strsep(&value, ",")) != NULL) {
		part += part[0] == '+' && adds;
		if (strcasecmp(part, "all") == 0) {
			for (size_t i = 0; i < column_count; i++) {
				if (column_is_offered(&columns[i], watch) &&
				    columns[i].role != COLUMN_PROCESS &&
				    columns[i].role != COLUMN_CGROUP &&
				    columns[i].role != COLUMN_COSTLY)
					add_column(choice, &columns[i]);
			}
		} else if (add_named(choice, part, e) < 0) {
			return -1;
		}
	}
	choice->replaces |= !adds;
	return 0;
}

int value_sort(const char *value, const struct column **sort, bool *falling, struct error *e)
{
	bool has_sign = value[0] == '-' || value[0] == '+';

	*sort = column_find(slice_of(value + has_sign));
	if (!*sort)
		return error_set(e, ERROR_USAGE,
				 "--sort: unknown column \"%s\"; see anonmem --columns help",
				 value + has_sign);
	*falling = has_sign ? value[0] == '-' : column_falls(*sort);
	return 0;
}

int value_limit(const char *value, size_t *limit, struct error *e)
{
	const char *wrong;

	*limit = (size_t)strtonum(value, 0, INT_MAX, &wrong);
	if (wrong)
		return error_set(e, ERROR_USAGE, "--limit: invalid row count \"%s\"", value);
	return 0;
}

int value_repeat(const char *value, size_t *count, struct error *e)
{
	enum { REPEAT_MAX = 1000 };
	const char *wrong;

	*count = (size_t)strtonum(value, 1, REPEAT_MAX, &wrong);
	if (wrong)
		return error_set(e, ERROR_USAGE,
				 "--repeat: invalid number of runs \"%s\": expected 1 to %d", value,
				 REPEAT_MAX);
	return 0;
}

int value_jobs(const char *value, unsigned *jobs, struct error *e)
{
	enum { JOBS_MAX = 1024 };
	const char *wrong;

	*jobs = (unsigned)strtonum(value, 1, JOBS_MAX, &wrong);
	if (wrong)
		return error_set(e, ERROR_USAGE, "--jobs: invalid number \"%s\": expected 1 to %d",
				 value, JOBS_MAX);
	return 0;
}

int value_duration(const char *value, uint64_t *ns, struct error *e)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};
	const double most = 60e9;
	char *unit;
	double number = strtod(value, &unit);

	for (int i = 0; units[i].unit; i++) {
		double product = number * units[i].ns;

		if (strcmp(unit, units[i].unit) == 0 && product >= 1e3 && product <= most) {
			*ns = (uint64_t)product;
			return 0;
		}
	}
	return error_set(e, ERROR_USAGE,
			 "--max-stall: invalid duration \"%s\": expected 1us to 60s, such as 2ms",
			 value);
}

int value_time(const char *option, const char *value, uint64_t *ns, struct error *e)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"", 1e9}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 864e11}};
	const double most = 864e11 * 36500;
	char *unit;
	double number = strtod(value, &unit);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		double product = number * units[i].ns;

		if (unit != value && strcmp(unit, units[i].unit) == 0 && product >= 1e6 &&
		    product <= most) {
			*ns = (uint64_t)product;
			return 0;
		}
	}
	return error_set(e, ERROR_USAGE,
			 "--%s: invalid duration \"%s\": expected a time such as 10s, 5m, 8h or 7d",
			 option, value);
}

int value_size(const char *option, const char *value, uint64_t *bytes, struct error *e)
{
	static const char units[] = "kmgt";
	const double least = 1 << 20, most = 1e18;
	char *end;
	double number = strtod(value, &end);
	bool whole = end != value;

	if (*end != '\0') {
		const char *unit = strchr(units, tolower((unsigned char)*end));

		whole = whole && unit && end[1] == '\0';
		for (int i = 0; whole && i <= unit - units; i++)
			number *= 1024;
	}
	if (!whole || !(number >= least && number <= most))
		return error_set(
			e, ERROR_USAGE,
			"--%s: invalid size \"%s\": expected 1M or more, such as 200M or 2G",
			option, value);
	*bytes = (uint64_t)number;
	return 0;
}

int value_delay(const char *value, uint64_t *ns, struct error *e)
{
	if (!driver_parse_delay(value, ns))
		return error_set(e, ERROR_USAGE,
				 "--delay: invalid delay \"%s\": expected " DELAY_RANGE, value);
	return 0;
}

int value_series(const char *value, size_t *series, struct error *e)
{
	const char *wrong;
	long long number = strtonum(value, METRICS_SERIES_LEAST, METRICS_SERIES_MOST, &wrong);

	if (wrong)
		return error_set(e, ERROR_USAGE,
				 "--series: invalid number \"%s\": expected %d to %d", value,
				 METRICS_SERIES_LEAST, METRICS_SERIES_MOST);
	*series = (size_t)number;
	return 0;
}

int value_iterations(const char *value, uint64_t *n, struct error *e)
{
	const char *wrong;
	long long number = strtonum(value, 1, INT64_MAX, &wrong);

	if (wrong)
		return error_set(e, ERROR_USAGE,
				 "--iterations: invalid number \"%s\": expected 1 or more", value);
	*n = (uint64_t)number;
	return 0;
}

int value_format(const char *value, bool of_report, const struct renderer **renderer,
		 struct error *e)
{
	for (const struct renderer *const *r = renderers; *r; r++) {
		if (strcasecmp((*r)->name, value) == 0 && (of_report || !(*r)->reports_only)) {
			*renderer = *r;
			return 0;
		}
	}
	if (of_report)
		return error_set(e, ERROR_USAGE,
				 "--format: invalid format \"%s\": expected table, json, csv, "
				 "markdown, folded, html or prometheus",
				 value);
	return error_set(e, ERROR_USAGE,
			 "--format: invalid format \"%s\": expected table, json or csv", value);
}

int value_units(const char *value, enum units *units, struct error *e)
{
	static const char *const names[] = {
		[UNITS_AUTO] = "auto", [UNITS_BYTES] = "b", [UNITS_KIB] = "k",
		[UNITS_MIB] = "m",     [UNITS_GIB] = "g",
	};
	int found = find_name(value, names, sizeof(names) / sizeof(*names));

	if (found < 0)
		return error_set(e, ERROR_USAGE,
				 "--units: invalid unit \"%s\": expected auto, b, k, m or g",
				 value);
	*units = (enum units)found;
	return 0;
}

int value_infer(const char *value, enum inferring *infer, struct error *e)
{
	static const char *const names[] = {
		[INFER_NONE] = "none", [INFER_PLACE] = "place", [INFER_CONTENT] = "content"};
	int found = find_name(value, names, sizeof(names) / sizeof(*names));

	if (found < 0)
		return error_set(e, ERROR_USAGE,
				 "--infer: invalid value \"%s\": expected none, place or content",
				 value);
	*infer = (enum inferring)found;
	return 0;
}

int value_color(const char *value, enum option_color *color, struct error *e)
{
	static const char *const names[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
	int found = find_name(value, names, sizeof(names) / sizeof(*names));

	if (found < 0)
		return error_set(e, ERROR_USAGE,
				 "--color: invalid value \"%s\": expected auto, always or never",
				 value);
	*color = (enum option_color)found;
	return 0;
}
