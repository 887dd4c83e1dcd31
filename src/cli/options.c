#include "cli/options.h"

#include "cli/values.h"

#include <getopt.h>
#include <sched.h>
#include <stdlib.h>

/* Options without a letter. */
enum {
	OPT_CGROUP = 256,
	OPT_ROOT,
	OPT_SMAPS,
	OPT_JSON,
	OPT_CSV,
	OPT_UNITS,
	OPT_NO_HEADER,
	OPT_COLOR,
	OPT_FAST,
	OPT_MAX_STALL,
	OPT_STATS,
	OPT_STRICT,
	OPT_VERIFY,
	OPT_RULES,
	OPT_NO_RULES,
	OPT_NO_INFER,
};

enum { ALL = FOR_REPORT | FOR_TOP };

static const struct spec {
	unsigned commands; /* that have it; of a heading, those that have any below it */
	int id;		   /* the letter, if it has one */
	const char *name, *argument, *help;
} specs[] = {
	{ALL, 0, NULL, NULL, "Which memory"},
	{ALL, 'p', "pid", "PID[,PID...]", "only these processes"},
	{ALL, 'C', "name", "REGEX", "only processes whose name or program matches"},
	{ALL, 'u', "user", "USER", "only processes of this user (name or number)"},
	{ALL, OPT_CGROUP, "cgroup", "GLOB", "only processes whose control group matches"},
	{ALL, 'l', "label", "GLOB", "only memory whose label matches, with or without [ ]"},
	{ALL, 'k', "kind", "KIND[,KIND...]", "only anon, shmem, file or special memory"},

	{ALL, 0, NULL, NULL, "Where it is read"},
	{ALL, OPT_ROOT, "root", "DIR", "a captured tree, or another system's /proc"},
	{FOR_REPORT, OPT_SMAPS, "smaps", "FILE...", "captured smaps files; - is standard input"},

	{ALL, 0, NULL, NULL, "What is shown"},
	{FOR_REPORT, 'g', "by", "KEY[,KEY...]", "group by these keys (below); default: label"},
	{FOR_TOP, 'g', "by", "KEY[,KEY...]", "group by these keys at first; default: subsystem"},
	{ALL, 'o', "columns", "LIST", "columns to show; -o help lists them"},
	{ALL, 's', "sort", "[-]COLUMN", "order by a column, - for falling; default: -pss"},
	{ALL, 'N', "limit", "N", "the first N rows only; the totals count all"},
	{ALL, OPT_RULES, "rules", "FILE", "more rules for subsystems, see anonmem-rules(5)"},
	{ALL, OPT_NO_RULES, "no-rules", NULL, "no rules but the built-in ones"},
	{ALL, OPT_NO_INFER, "no-infer", NULL, "no guesses (~) at what unnamed memory is"},

	{ALL, 0, NULL, NULL, "How it is shown"},
	{ALL, 'f', "format", "FORMAT", "table (default), json or csv"},
	{ALL, OPT_JSON, "json", NULL, "--format json"},
	{ALL, OPT_CSV, "csv", NULL, "--format csv"},
	{ALL, OPT_UNITS, "units", "UNIT", "auto (default), b, k, m or g, powers of 1024"},
	{ALL, OPT_NO_HEADER, "no-header", NULL, "no line with the names of the columns"},
	{ALL, 'q', "quiet", NULL, "no sentences under the table"},
	{ALL, OPT_COLOR, "color", "WHEN", "auto (default), always or never"},

	{FOR_TOP, 0, NULL, NULL, "When"},
	{FOR_TOP, 'd', "delay", "SECONDS", "between two refreshes; default: 2"},
	{FOR_TOP, 'n', "iterations", "N", "end after so many refreshes"},
	{FOR_TOP, 'b', "batch", NULL, "write every refresh to standard output; no screen"},

	{ALL, 0, NULL, NULL, "What it may cost"},
	{ALL, 'j', "jobs", "N", "threads that read; default: the processors there are"},
	{ALL, OPT_FAST, "fast", NULL, "RSS and swap without smaps; PSS and USS where provable"},
	{ALL, OPT_MAX_STALL, "max-stall", "DURATION",
	 "hold no process up longer, for instance 2ms"},
	{FOR_REPORT, OPT_STATS, "stats", NULL, "say what the reading has cost"},

	{FOR_REPORT, 0, NULL, NULL, "Checks"},
	{FOR_REPORT, OPT_STRICT, "strict", NULL, "exit 3 if any process could not be read"},
	{FOR_REPORT, OPT_VERIFY, "verify", NULL, "compare the sums with smaps_rollup and meminfo"},

	{ALL, 0, NULL, NULL, "Help"},
	{ALL, 'h', "help", NULL, "show this text"},
	{ALL, 'V', "version", NULL, "show the version"},
};

enum { SPECS = sizeof(specs) / sizeof(*specs) };

/* What --help says around the options. */
static const struct help {
	unsigned command;
	const char *before, *after;
} helps[] = {
	{FOR_REPORT,
	 "Usage: anonmem [OPTIONS]\n"
	 "       anonmem top [OPTIONS]\n"
	 "       anonmem doctor [--pid PID[,PID...]] [--json]\n"
	 "       anonmem run [--label WHAT] [--summary] [--] COMMAND [ARG...]\n"
	 "Adds up the memory of one process, or of all, by label or subsystem.\n"
	 "top watches it; see anonmem top --help.\n"
	 "doctor says whether memory can have names here, and how to get more of them.\n"
	 "run starts a program so that its memory has names, on any kernel.\n",
	 "  anonmem --pid 1234 --json     one process, for programs\n"
	 "  anonmem --by subsystem        who owns the memory of this machine\n"
	 "  anonmem -p 1234 --by mapping  every mapping of a process\n"},
	{FOR_TOP,
	 "Usage: anonmem top [OPTIONS]\n"
	 "Watches who holds the memory and who grows; the key h explains the others.\n",
	 "  anonmem top                      subsystems; Enter goes down\n"
	 "  anonmem top --by process -s -growth\n"
	 "                                   the process that grows most comes first\n"
	 "  anonmem top -b -n 10 --json      ten reports, one a line\n"},
};

static void write_option(const struct spec *s, FILE *out)
{
	enum { HELP_COLUMN = 34 };
	int used = s->id < OPT_CGROUP ? fprintf(out, "  -%c, --%s", s->id, s->name)
				      : fprintf(out, "      --%s", s->name);

	if (s->argument)
		used += fprintf(out, " %s", s->argument);
	if (used >= HELP_COLUMN)
		used = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", HELP_COLUMN - used, "", s->help);
}

void options_write_help(enum option_command command, FILE *out)
{
	const struct help *help = &helps[command == FOR_TOP];

	fputs(help->before, out);
	for (size_t i = 0; i < SPECS; i++) {
		if (!(specs[i].commands & command))
			continue;
		if (specs[i].name)
			write_option(&specs[i], out);
		else
			fprintf(out, "\n%s:\n", specs[i].help);
	}
	fputs("\nKeys: label, subsystem, kind, process, name, user, cgroup, file, mapping.\n", out);
	fputs(command == FOR_TOP ? "Exit status: 0 done, 1 failed, 2 wrong usage.\n"
				 : "Exit status: 0 done, 1 failed, 2 wrong usage, 3 incomplete "
				   "with --strict.\n",
	      out);
	fprintf(out, "\nExamples:\n%s", help->after);
}

void options_write_columns(enum option_command command, FILE *out)
{
	for (size_t i = 0; i < column_count; i++) {
		const struct column *c = &columns[i];

		if (c->role != COLUMN_KEY && (c->role != COLUMN_TREND || command == FOR_TOP))
			fprintf(out, "%-18s%-10s%s\n", c->name, c->header, c->help);
	}
}

/* What getopt_long() wants, made from the table. */
struct getopt_tables {
	struct option longs[SPECS + 1];
	char shorts[2 * SPECS + 1];
};

static void make_tables(enum option_command command, struct getopt_tables *t)
{
	size_t n = 0;
	char *letter = t->shorts;

	for (size_t i = 0; i < SPECS; i++) {
		const struct spec *s = &specs[i];

		if (!s->name || !(s->commands & command))
			continue;
		t->longs[n++] = (struct option){
			s->name, s->argument ? required_argument : no_argument, NULL, s->id};
		if (s->id >= OPT_CGROUP)
			continue;
		*letter++ = (char)s->id;
		if (s->argument)
			*letter++ = ':';
	}
	t->longs[n] = (struct option){NULL, 0, NULL, 0};
	*letter = '\0';
}

static int take_source_option(struct options *o, int id, char *value, struct error *e)
{
	switch (id) {
	case 'p':
		return value_pids(value, &o->pids, &o->pid_count, e);
	case OPT_ROOT:
		o->root = value;
		return 0;
	default: /* OPT_SMAPS */
		return value_append(value, &o->files, &o->file_count, e);
	}
}

static int take_selection_option(struct options *o, int id, char *value, struct error *e)
{
	switch (id) {
	case 'C':
		if (o->selection.name)
			return error_set(e, ERROR_USAGE, "--name is given twice; join them with |");
		if (value_regex(value, &o->name, e) < 0)
			return -1;
		o->selection.name = &o->name;
		return 0;
	case 'u':
		o->selection.by_user = true;
		return value_user(value, &o->selection.uid, e);
	case OPT_CGROUP:
		o->selection.cgroup = value;
		return 0;
	case 'l':
		return value_append(value, &o->labels, &o->selection.label_count, e);
	default: /* 'k' */
		return value_kinds(value, &o->selection.kinds, e);
	}
}

static int take_report_option(struct options *o, int id, char *value, struct error *e)
{
	switch (id) {
	case 'g':
		return value_grouping(value, &o->by, e);
	case 'o':
		if (strcmp(value, "help") == 0) {
			o->action = ACTION_COLUMNS;
			return 0;
		}
		return value_columns(value, o->columns, &o->column_count, e);
	case 's':
		return value_sort(value, &o->sort, &o->falling, e);
	case 'N':
		return value_limit(value, &o->limit, e);
	case OPT_RULES:
		o->rules = value;
		return 0;
	case OPT_NO_RULES:
		o->no_rules = true;
		return 0;
	default: /* OPT_NO_INFER */
		o->no_infer = true;
		return 0;
	}
}

static int take_display_option(struct options *o, int id, char *value, struct error *e)
{
	switch (id) {
	case 'f':
		return value_format(value, &o->renderer, e);
	case OPT_JSON:
		o->renderer = &render_json;
		return 0;
	case OPT_CSV:
		o->renderer = &render_csv;
		return 0;
	case OPT_UNITS:
		return value_units(value, &o->units, e);
	case OPT_NO_HEADER:
		o->no_header = true;
		return 0;
	case OPT_COLOR:
		return value_color(value, &o->color, e);
	default: /* 'q' */
		o->quiet = true;
		return 0;
	}
}

static int take_cost_option(struct options *o, int id, const char *value, struct error *e)
{
	switch (id) {
	case 'j':
		return value_jobs(value, &o->jobs, e);
	case OPT_FAST:
		o->fast = true;
		return 0;
	case OPT_MAX_STALL:
		return value_duration(value, &o->max_stall_ns, e);
	default: /* OPT_STATS */
		o->stats = true;
		return 0;
	}
}

static int take_time_option(struct options *o, int id, const char *value, struct error *e)
{
	switch (id) {
	case 'd':
		return value_delay(value, &o->delay_ns, e);
	case 'n':
		return value_iterations(value, &o->iterations, e);
	default: /* 'b' */
		o->batch = true;
		return 0;
	}
}

static int take_option(struct options *o, int id, char *value, struct error *e)
{
	switch (id) {
	case 'p':
	case OPT_ROOT:
	case OPT_SMAPS:
		return take_source_option(o, id, value, e);
	case 'C':
	case 'u':
	case OPT_CGROUP:
	case 'l':
	case 'k':
		return take_selection_option(o, id, value, e);
	case 'g':
	case 'o':
	case 's':
	case 'N':
	case OPT_RULES:
	case OPT_NO_RULES:
	case OPT_NO_INFER:
		return take_report_option(o, id, value, e);
	case 'j':
	case OPT_FAST:
	case OPT_MAX_STALL:
	case OPT_STATS:
		return take_cost_option(o, id, value, e);
	case 'd':
	case 'n':
	case 'b':
		return take_time_option(o, id, value, e);
	case OPT_STRICT:
		o->strict = true;
		return 0;
	case OPT_VERIFY:
		o->verify = true;
		return 0;
	case 'h':
		o->action = ACTION_HELP;
		return 0;
	case 'V':
		o->action = ACTION_VERSION;
		return 0;
	default:
		return take_display_option(o, id, value, e);
	}
}

/* Options that make no sense together, and what to say. */
static int check_together(const struct options *o, struct error *e)
{
	const struct selection *s = &o->selection;
	bool files = o->file_count > 0;
	const struct {
		bool wrong;
		const char *text;
	} rules[] = {
		{files && o->root, "--smaps and --root cannot be used together"},
		{files && o->pid_count, "--pid and --smaps cannot be used together: a smaps file "
					"does not say whose it is"},
		{files && (s->name || s->by_user || s->cgroup),
		 "--name, --user and --cgroup need --root or a running system: a smaps file does "
		 "not say whose it is"},
		{files && o->verify, "--verify needs smaps_rollup, which a smaps file has not; use "
				     "--root or a running system"},
		{files && (o->fast || o->max_stall_ns),
		 "--fast and --max-stall are about reading processes, not smaps files"},
		{o->verify && o->max_stall_ns,
		 "--verify reads smaps_rollup, which --max-stall does not allow"},
		{o->rules && o->no_rules, "--rules and --no-rules cannot be used together"},
		{grouping_has(&o->by, KEY_MAPPING) && !files && !o->pid_count,
		 o->command == FOR_TOP ? "--by mapping needs --pid"
				       : "--by mapping needs --pid or --smaps"},
		{o->command == FOR_TOP && !o->batch && o->renderer != &render_table,
		 "--json and --csv of anonmem top need --batch"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		if (rules[i].wrong)
			return error_set(e, ERROR_USAGE, "%s", rules[i].text);
	}
	return 0;
}

/* Only who watches knows how things change. */
static int check_trends(const struct options *o, struct error *e)
{
	const struct column *wrong = o->sort && o->sort->role == COLUMN_TREND ? o->sort : NULL;

	if (o->command == FOR_TOP)
		return 0;
	for (size_t i = 0; i < o->column_count; i++) {
		if (o->columns[i]->role == COLUMN_TREND)
			wrong = o->columns[i];
	}
	return wrong ? error_set(e, ERROR_USAGE, "only anonmem top has the column %s", wrong->name)
		     : 0;
}

/* A key column can only order the rows of a report that has it. */
static int check_sort(const struct options *o, struct error *e)
{
	if (!o->sort || o->sort->role != COLUMN_KEY)
		return 0;
	for (unsigned i = 0; i < o->by.count; i++) {
		const struct column *list[COLUMNS_MAX];
		size_t n = column_of_key(o->by.keys[i], true, list);

		while (n > 0) {
			if (list[--n] == o->sort)
				return 0;
		}
	}
	return error_set(e, ERROR_USAGE,
			 "cannot sort by %s: the report is not grouped by it; see --by",
			 o->sort->name);
}

/* Mappings of several processes are told apart by process. */
static void complete_grouping(struct options *o)
{
	struct grouping *by = &o->by;

	if (by->count == 0)
		by->keys[by->count++] = o->command == FOR_TOP ? KEY_SUBSYSTEM : KEY_LABEL;
	if (!grouping_has(by, KEY_MAPPING) || grouping_has(by, KEY_PROCESS) ||
	    o->pid_count + o->file_count < 2)
		return;
	memmove(by->keys + 1, by->keys, by->count * sizeof(*by->keys));
	by->keys[0] = KEY_PROCESS;
	by->count++;
}

/* What stands behind the options: more files of --smaps. */
static int take_operands(struct options *o, int argc, char **argv, struct error *e)
{
	for (int i = optind; i < argc; i++) {
		if (o->file_count == 0)
			return error_set(e, ERROR_USAGE,
					 "unexpected argument \"%s\"; see anonmem --help", argv[i]);
		if (value_append(argv[i], &o->files, &o->file_count, e) < 0)
			return -1;
	}
	return 0;
}

/* Those that this process may run on. */
static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* getopt_long() leaves in optopt what it did not like, 0 for an unknown word. */
static int refuse_option(enum option_command command, const char *typed, struct error *e)
{
	for (size_t i = 0; i < SPECS; i++) {
		if (specs[i].name && specs[i].commands & command && optopt && specs[i].id == optopt)
			return error_set(e, ERROR_USAGE, "the option --%s takes %s value",
					 specs[i].name, specs[i].argument ? "a" : "no");
	}
	if (optopt)
		return error_set(e, ERROR_USAGE, "there is no option -%c; see anonmem --help",
				 optopt);
	return error_set(e, ERROR_USAGE,
			 "there is no option %s, or more than one; see anonmem --help", typed);
}

static void set_defaults(enum option_command command, struct options *o)
{
	const uint64_t second = 1000000000, stall = 50000000;

	*o = (struct options){
		.command = command,
		.renderer = &render_table,
		.jobs = processors(),
		.delay_ns = 2 * second,
		.max_stall_ns = command == FOR_TOP ? stall : 0,
	};
}

int options_parse(enum option_command command, int argc, char **argv, struct options *o,
		  struct error *e)
{
	struct getopt_tables tables;
	int id;

	set_defaults(command, o);
	make_tables(command, &tables);
	opterr = 0;
	while ((id = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
		if (id == '?')
			return refuse_option(command, argv[optind - 1], e);
		if (take_option(o, id, optarg, e) < 0)
			return -1;
	}
	if (o->action != ACTION_REPORT)
		return 0;
	o->selection.labels = o->labels;
	if (take_operands(o, argc, argv, e) < 0)
		return -1;
	complete_grouping(o);
	if (check_together(o, e) < 0 || check_trends(o, e) < 0)
		return -1;
	return check_sort(o, e);
}

void options_free(struct options *o)
{
	if (o->selection.name)
		regfree(&o->name);
	free(o->pids);
	free(o->files);
	free(o->labels);
}
