#include "cli/arguments.h"

#include "base/clock.h"
#include "cli/combinations.h"
#include "cli/help.h"
#include "cli/specs.h"
#include "render/metrics.h"
#include "render/renderers.h"

#include <getopt.h>
#include <sched.h>
#include <stdlib.h>

/* Input for getopt_long(), made from the table. Options without a letter are identified by their
 * index. */
enum { NO_LETTER = 256 };
struct getopt_tables {
	struct option longs[SPECS_MAX + 1];
	char shorts[2 * SPECS_MAX + 2];
};

static int id_of(size_t spec)
{
	return specs[spec].letter ? specs[spec].letter : (int)spec + NO_LETTER;
}

static void make_tables(enum option_command command, struct getopt_tables *t)
{
	size_t n = 0;
	char *letter = t->shorts;

	/* The options of check may be followed by a command with options of its own. */
	if (command == FOR_CHECK)
		*letter++ = '+';

	for (size_t i = 0; i < spec_count; i++) {
		const struct spec *s = &specs[i];

		if (!s->name || !(s->commands & command))
			continue;
		t->longs[n++] = (struct option){
			s->name, s->argument ? required_argument : no_argument, NULL, id_of(i)};
		if (!s->letter)
			continue;
		*letter++ = s->letter;
		if (s->argument)
			*letter++ = ':';
	}
	t->longs[n] = (struct option){NULL, 0, NULL, 0};
	*letter = '\0';
}

static int take_option(struct options *o, int id, char *value, struct error *e)
{
	size_t i = 0;

	while (!(specs[i].name && specs[i].commands & o->command && id_of(i) == id))
		i++;
	if (specs[i].take)
		return specs[i].take(o, value, e);
	*(bool *)((char *)o + specs[i].sets) = true;
	return 0;
}

/* Sets the grouping that the user has not chosen. */
static void choose_grouping(struct options *o)
{
	static const struct grouping places = {
		.keys = {KEY_CGROUP, KEY_NAME, KEY_SUBSYSTEM, KEY_LABEL}, .count = 4};
	const enum key key = o->command == FOR_TOP ? KEY_SUBSYSTEM : KEY_LABEL;

	o->by_default = true;
	o->by = o->renderer->by_place ? places : (struct grouping){.keys = {key}, .count = 1};
}

/* Mappings of different processes must be distinguished by process. Private memory has no
 * segment. */
static void complete_grouping(struct options *o)
{
	struct grouping *by = &o->by;

	if (o->command == FOR_RECORD)
		return;
	if (by->count == 0 && (o->command == FOR_SERVE || o->renderer == &render_prometheus))
		*by = (struct grouping){.keys = {KEY_SUBSYSTEM, KEY_LABEL}, .count = 2};
	if (by->count == 0)
		choose_grouping(o);
	if (grouping_has(by, KEY_SEGMENT) && o->selection.kinds == 0)
		o->selection.kinds = 1U << KIND_SHMEM;
	if (!grouping_has(by, KEY_MAPPING) || grouping_has(by, KEY_PROCESS) ||
	    (o->pid_count + o->file_count == 1 && !o->children))
		return;
	memmove(by->keys + 1, by->keys, by->count * sizeof(*by->keys));
	by->keys[0] = KEY_PROCESS;
	by->count++;
}

/* Takes the arguments that are not options: more files of --smaps; otherwise process ids and, for a
 * report, captured files, whose names must contain a slash. */
static int take_words(struct options *o, int argc, char **argv, struct error *e)
{
	bool files = o->file_count > 0;

	for (int i = optind; i < argc; i++) {
		bool file = files || (o->command == FOR_REPORT && strchr(argv[i], '/'));

		if (!file && !value_is_pids(argv[i]))
			return error_set(
				e, ERROR_USAGE,
				"unexpected argument \"%s\": expected process ids%s; see %s",
				argv[i], o->command == FOR_REPORT ? " or ./FILE" : "",
				help_shown_by(o->command));
		if ((file ? value_append(argv[i], &o->files, &o->file_count, e)
			  : value_pids(argv[i], &o->pids, &o->pid_count, e)) < 0)
			return -1;
	}
	return 0;
}

/* The sides of a diff; digits are process ids. */
static int take_sides(struct options *o, int argc, char **argv, struct error *e)
{
	for (int i = optind; i < argc; i++) {
		if ((value_is_pids(argv[i])
			     ? value_pids(argv[i], &o->pids, &o->pid_count, e)
			     : value_append(argv[i], &o->from, &o->from_count, e)) < 0)
			return -1;
	}
	return 0;
}

/* Takes process ids, or the command after the options and --. */
static int take_command(struct options *o, int argc, char **argv, struct error *e)
{
	bool marked = optind > 1 && strcmp(argv[optind - 1], "--") == 0;

	if (optind < argc && (marked || !value_is_pids(argv[optind]))) {
		o->program = argv + optind;
		return 0;
	}
	for (int i = optind; i < argc; i++) {
		if (value_pids(argv[i], &o->pids, &o->pid_count, e) < 0)
			return -1;
	}
	return 0;
}

static int take_operands(struct options *o, int argc, char **argv, struct error *e)
{
	if (o->command == FOR_CHECK)
		return take_command(o, argc, argv, e);
	return (o->command == FOR_DIFF ? take_sides : take_words)(o, argc, argv, e);
}

/* The number of CPUs that this process may use. */
static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* False if out of memory. */
static bool join_arguments(struct options *o, int argc, char **argv)
{
	size_t size = 1, used = 0;

	for (int i = 1; i < argc; i++)
		size += strlen(argv[i]) + 1;
	o->typed = calloc(1, size);
	for (int i = 1; o->typed && i < argc; i++)
		used += (size_t)sprintf(o->typed + used, "%s%s", i > 1 ? " " : "", argv[i]);
	return o->typed != NULL;
}

/* getopt_long() leaves the rejected option in optopt, 0 if it is an unknown word. */
static int refuse_option(enum option_command command, const char *typed, struct error *e)
{
	for (size_t i = 0; i < spec_count; i++) {
		if (specs[i].name && specs[i].commands & command && optopt && specs[i].name &&
		    id_of(i) == optopt)
			return error_set(e, ERROR_USAGE, "option --%s %s value; see %s",
					 specs[i].name, specs[i].argument ? "needs a" : "takes no",
					 help_shown_by(command));
	}
	if (optopt)
		return error_set(e, ERROR_USAGE, "unknown option -%c; see %s", optopt,
				 help_shown_by(command));
	return error_set(e, ERROR_USAGE, "unknown or ambiguous option %s; see %s", typed,
			 help_shown_by(command));
}

/* Process ids of check may also precede options: 1, 0 if the next word is something else, or -1
 * with *e. */
static int take_early_pid(struct options *o, int argc, char **argv, struct error *e)
{
	bool marked = optind > 1 && strcmp(argv[optind - 1], "--") == 0;

	if (o->command != FOR_CHECK || marked || optind >= argc || !value_is_pids(argv[optind]))
		return 0;
	return value_pids(argv[optind++], &o->pids, &o->pid_count, e) < 0 ? -1 : 1;
}

/* Takes the next option: 1, 0 if there is none, or -1 with *e. */
static int take_next(struct options *o, const struct getopt_tables *tables, int argc, char **argv,
		     struct error *e)
{
	int id = getopt_long(argc, argv, tables->shorts, tables->longs, NULL);

	if (id == '?')
		return refuse_option(o->command, argv[optind - 1], e);
	if (id == -1)
		return take_early_pid(o, argc, argv, e);
	return take_option(o, id, optarg, e) < 0 ? -1 : 1;
}

static int check(struct options *o, struct error *e)
{
	complete_grouping(o);
	return combinations_check(o, e);
}

static void set_defaults(enum option_command command, struct options *o)
{
	const uint64_t day = 86400 * SECOND_NS;
	bool serves = command == FOR_SERVE;
	bool over_time = command == FOR_TOP || command == FOR_RECORD;

	*o = (struct options){
		.infer = INFER_CONTENT,
		.command = command,
		.renderer = renderers[0],
		.verdict_format = &verdict_formats[0],
		.jobs = processors(),
		.delay_ns = serves		    ? 15 * SECOND_NS
			    : command == FOR_RECORD ? 10 * SECOND_NS
						    : 2 * SECOND_NS,
		.max_stall_ns = serves	    ? 2 * MILLISECOND_NS
				: over_time ? 50 * MILLISECOND_NS
					    : 0,
		.series = METRICS_SERIES,
		.keep_ns = 90 * day,
		.tiers = tiers_default(),
	};
}

int arguments_parse(enum option_command command, int argc, char **argv, struct options *o,
		    struct error *e)
{
	struct getopt_tables tables;
	int taken;

	set_defaults(command, o);
	if (command == FOR_RECORD && !join_arguments(o, argc, argv))
		return error_memory(e);
	make_tables(command, &tables);
	opterr = 0;
	while ((taken = take_next(o, &tables, argc, argv, e)) > 0)
		;
	if (taken < 0)
		return -1;
	if (o->action != ACTION_REPORT)
		return 0;
	o->selection.labels = command == FOR_CHECK ? NULL : o->labels;
	if (take_operands(o, argc, argv, e) < 0)
		return -1;
	if (o->from_count && (o->root || o->file_count))
		return error_set(e, ERROR_USAGE,
				 "--from cannot be used together with --root or --smaps");
	return o->from_count && o->command == FOR_REPORT ? 0 : check(o, e);
}

int arguments_settle(struct options *o, enum source_kind kind, struct error *e)
{
	if (kind == SOURCE_RECORDING)
		return check(o, e);
	if (kind == SOURCE_REPORT)
		return error_set(
			e, ERROR_USAGE,
			"%s is a JSON report; use anonmem diff or anonmem check to read it",
			o->from[0]);
	if (o->command != FOR_REPORT)
		return kind == SOURCE_TREE ? 0
					   : error_set(e, ERROR_USAGE,
						       "%s is not a captured tree; only a report "
						       "can read smaps files",
						       o->from[0]);
	if (kind == SOURCE_SMAPS) {
		o->files = o->from;
		o->file_count = o->from_count;
		o->from = NULL;
		o->from_count = 0;
	} else {
		o->root = o->from[0];
	}
	return check(o, e);
}

bool arguments_need_rules(const struct options *o)
{
	struct options settled = *o;

	complete_grouping(&settled);
	return o->rules || grouping_has(&settled.by, KEY_SUBSYSTEM);
}

void arguments_free(struct options *o)
{
	if (o->selection.name)
		regfree(&o->name);
	free(o->pids);
	free(o->files);
	free(o->from);
	free(o->labels);
	free(o->max);
	free(o->growth);
	free(o->baselines);
	free(o->typed);
}
