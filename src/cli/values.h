/*
 * values: parses the values of options.
 *
 * All functions return 0, or -1 with *e: ERROR_USAGE and a sentence that names the option and what
 * it accepts. Lists may be given in parts; each call adds to the list. Strings may be modified.
 */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "collect/options.h"
#include "model/selection.h"
#include "render/render.h"

enum option_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* The columns chosen by --columns, each once. Lists that begin with + are added to the default
 * columns; other lists replace them. */
struct column_choice {
	const struct column *list[COLUMNS_MAX];
	size_t count;
	bool replaces;
};

int value_append(char *value, char ***list, size_t *count, struct error *e);
int value_pids(char *value, pid_t **pids, size_t *count, struct error *e);
int value_regex(const char *value, regex_t *pattern, struct error *e);
int value_series(const char *value, size_t *series, struct error *e);
int value_user(const char *value, uint32_t *uid, struct error *e);
int value_kinds(char *value, unsigned *kinds, struct error *e);
int value_grouping(char *value, struct grouping *by, struct error *e);
int value_columns(char *value, bool watch, struct column_choice *choice, struct error *e);
int value_sort(const char *value, const struct column **sort, bool *falling, struct error *e);
int value_limit(const char *value, size_t *limit, struct error *e);
int value_repeat(const char *value, size_t *count, struct error *e);
int value_jobs(const char *value, unsigned *jobs, struct error *e);
int value_duration(const char *value, uint64_t *ns, struct error *e);
/* A time such as 2ms, 10s, 5m, 8h or 7d; a number without a unit is seconds. */
int value_time(const char *option, const char *value, uint64_t *ns, struct error *e);
int value_size(const char *option, const char *value, uint64_t *bytes, struct error *e);
int value_delay(const char *value, uint64_t *ns, struct error *e);
int value_iterations(const char *value, uint64_t *n, struct error *e);
/* Formats that only a report can have are refused for other commands. */
int value_format(const char *value, bool of_report, const struct renderer **renderer,
		 struct error *e);
int value_units(const char *value, enum units *units, struct error *e);
int value_infer(const char *value, enum inferring *infer, struct error *e);
int value_color(const char *value, enum option_color *color, struct error *e);

/* Whether --columns accepts the column, for a report or for a watch. */
bool column_is_offered(const struct column *column, bool watch);

/* Whether an argument is a list of process ids; a file with such a name is given as ./1234. */
bool value_is_pids(const char *word);

#endif
