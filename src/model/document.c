#include "model/document.h"

#include <stdlib.h>
#include <time.h>

enum { RUNS_MAX = 1000 };

struct document {
	cJSON *root;
	const cJSON *runs; /* of a check; else NULL */
	struct grouping by;
};

static const struct {
	const char *name;
	enum counter counter;
} counters[] = {
#define NAMED_COUNTER(id, key, name, header, help) {name, COUNTER_##id},
	SMAPS_COUNTERS(NAMED_COUNTER) DERIVED_COUNTERS(NAMED_COUNTER)
#undef NAMED_COUNTER
};

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *string(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(member(object, name));
}

/* A whole number from 0 on; false if it is unknown, or something else. */
static bool number(const cJSON *object, const char *name, uint64_t *n)
{
	const cJSON *item = member(object, name);

	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
	    item->valuedouble >= (double)COUNTER_MAX)
		return false;
	*n = (uint64_t)item->valuedouble;
	return true;
}

static bool find_key(const char *name, enum key *key)
{
	for (int k = 0; name && k < KEY_COUNT; k++) {
		if (strcmp(name, key_names[k]) == 0) {
			*key = (enum key)k;
			return true;
		}
	}
	return false;
}

static bool is_whole(const cJSON *report)
{
	return cJSON_IsArray(member(report, "by")) && cJSON_IsArray(member(report, "groups")) &&
	       cJSON_IsObject(member(report, "totals"));
}

static int check_runs(struct document *d, struct error *e)
{
	const cJSON *run;

	d->runs = member(d->root, "runs");
	if (cJSON_GetArraySize(d->runs) == 0)
		return error_set(e, ERROR_MALFORMED, "is the JSON of a check without runs");
	if (cJSON_GetArraySize(d->runs) > RUNS_MAX)
		return error_set(e, ERROR_MALFORMED, "has more than %d runs", RUNS_MAX);
	cJSON_ArrayForEach(run, d->runs)
	{
		if (!is_whole(run))
			return error_set(e, ERROR_MALFORMED, "has an incomplete run");
	}
	return 0;
}

static int check(struct document *d, struct error *e)
{
	const char *schema = string(d->root, "schema");
	const cJSON *name;
	enum key key;

	if (schema && strcmp(schema, "anonmem-check/1") == 0) {
		if (check_runs(d, e) < 0)
			return -1;
	} else if (!schema || strcmp(schema, "anonmem/1") != 0) {
		return error_set(e, ERROR_MALFORMED,
				 "is JSON, but neither a report nor a check: its schema is not "
				 "\"anonmem/1\" or \"anonmem-check/1\"");
	} else if (!is_whole(d->root)) {
		return error_set(e, ERROR_MALFORMED, "is an incomplete report");
	}
	cJSON_ArrayForEach(name, member(document_run(d, 0), "by"))
	{
		if (find_key(cJSON_GetStringValue(name), &key) && !grouping_has(&d->by, key))
			d->by.keys[d->by.count++] = key;
	}
	return 0;
}

static int parse(struct document *d, struct slice text, struct error *e)
{
	const char *end = NULL;

	d->root = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, false);
	if (!d->root)
		return error_set(e, ERROR_MALFORMED, "is not JSON, or it is cut short");
	while (end < text.ptr + text.len && strchr(" \t\r\n", *end))
		end++;
	if (end < text.ptr + text.len)
		return error_set(
			e, ERROR_MALFORMED,
			"has more than one report; choose one, for example with tail -n 1");
	return check(d, e);
}

struct document *document_parse(struct slice text, struct error *e)
{
	struct document *d = calloc(1, sizeof(*d));

	if (!d) {
		error_memory(e);
		return NULL;
	}
	if (parse(d, text, e) == 0)
		return d;
	document_free(d);
	return NULL;
}

void document_free(struct document *d)
{
	if (d)
		cJSON_Delete(d->root);
	free(d);
}

size_t document_runs(const struct document *d)
{
	return d->runs ? (size_t)cJSON_GetArraySize(d->runs) : 0;
}

const cJSON *document_root(const struct document *d)
{
	return d->root;
}

const cJSON *document_run(const struct document *d, size_t run)
{
	return d->runs ? cJSON_GetArrayItem(d->runs, (int)run) : d->root;
}

struct grouping document_keys(const struct document *d)
{
	return d->by;
}

bool document_gives(const struct document *d, enum key key)
{
	if (key == KEY_MAPPING || key == KEY_SEGMENT)
		return false;
	return grouping_has(&d->by, key) ||
	       (key == KEY_NAME && grouping_has(&d->by, KEY_PROCESS)) ||
	       (key == KEY_FILE && grouping_has(&d->by, KEY_MAPPING));
}

/* Keys */

static enum origin find_origin(const cJSON *group)
{
	const char *text = string(group, "origin");

	for (int i = 0; text && i < ORIGIN_COUNT; i++) {
		if (strcmp(text, origin_names[i]) == 0)
			return (enum origin)i;
	}
	return ORIGIN_KERNEL;
}

static symbol make_process(struct intern *symbols, const cJSON *group)
{
	struct process process = {.known = 0};
	const char *name = string(group, "name");
	uint64_t n;

	if (number(group, "pid", &n)) {
		process.known |= PROCESS_PID;
		process.pid = (pid_t)n;
	}
	if (number(group, "start_time", &n)) {
		process.known |= PROCESS_START;
		process.start_time = n;
	}
	if (name) {
		process.known |= PROCESS_NAME;
		process.name = slice_of(name);
	}
	return key_intern_process(symbols, &process);
}

/* False if out of memory. What is null, or not there, is unknown. */
static bool make_key(struct intern *symbols, const cJSON *group, enum key key, symbol *value)
{
	const char *text = string(group, key_names[key]);

	*value = SYMBOL_NONE;
	if (key == KEY_PROCESS)
		*value = make_process(symbols, group);
	else if (!text)
		return true;
	else if (key == KEY_LABEL)
		*value = key_intern_label(symbols, find_origin(group), slice_of(text));
	else if (key == KEY_FILE)
		*value = key_intern_label(symbols, ORIGIN_KERNEL, slice_of(text));
	else
		*value = intern(symbols, slice_of(text));
	return *value != SYMBOL_NONE;
}

/* Figures */

static void read_group(const cJSON *object, struct group *g)
{
	group_zero(g);
	number(object, "processes", &g->processes);
	number(object, "mappings", &g->mappings);
	g->exclusive.unknown = true;
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		enum counter c = counters[i].counter;

		if (!number(object, counters[i].name, &g->counters.bytes[c]))
			g->counters.known &= ~COUNTER_BIT(c);
	}
}

static bool add_group(struct snapshot *s, const cJSON *object, uint64_t *mappings)
{
	symbol key[KEY_COUNT];
	struct group group;

	for (unsigned i = 0; i < s->by.count; i++) {
		if (!make_key(&s->symbols, object, s->by.keys[i], &key[i]))
			return false;
	}
	read_group(object, &group);
	*mappings += group.mappings;
	return aggregate_add_group(&s->groups, key, &group);
}

static void read_coverage(const cJSON *object, struct coverage *c)
{
	number(object, "seen", &c->seen);
	number(object, "unmatched", &c->unmatched);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		number(object, outcome_names[i], &c->by_outcome[i]);
}

static void read_machine(const cJSON *root, struct machine *m)
{
	const char *time = string(root, "time"), *host = string(root, "host"),
		   *kernel = string(root, "kernel");
	struct tm utc = {.tm_sec = 0};
	const char *end = time ? strptime(time, "%Y-%m-%dT%H:%M:%SZ", &utc) : NULL;

	if (end && *end == '\0') {
		m->time_known = true;
		m->time.tv_sec = timegm(&utc);
	}
	if (host && strlen(host) < sizeof(m->host))
		memcpy(m->host, host, strlen(host));
	if (kernel && strlen(kernel) < sizeof(m->kernel))
		memcpy(m->kernel, kernel, strlen(kernel));
}

int document_fold(const struct document *d, size_t run, const struct grouping *by,
		  struct snapshot *s, struct error *e)
{
	const cJSON *root = document_run(d, run), *group;
	uint64_t mappings = 0;

	snapshot_init(s, SOURCE_REPORT, by);
	read_machine(root, &s->machine);
	read_coverage(member(root, "coverage"), &s->coverage);
	read_group(member(root, "totals"), &s->totals);
	cJSON_ArrayForEach(group, member(root, "groups"))
	{
		if (!cJSON_IsObject(group))
			return error_set(e, ERROR_MALFORMED, "has a group that is not an object");
		if (!add_group(s, group, &mappings))
			return error_memory(e);
	}
	s->rows_left_out = mappings < s->totals.mappings;
	return 0;
}
