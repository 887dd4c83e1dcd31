/*
 * The one-shot report: options, then source, collect, report, render.
 */
#include "cli/command.h"
#include "cli/options.h"
#include "cli/rulefiles.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

static const char *const table_columns[] = {
	"processes", "mappings", "rss",	     "pss",	    "uss",
	"anonymous", "swap",	 "swap_pss", "pss_percent",
};

static void add_column(struct report_options *r, const struct column *column)
{
	r->columns[r->column_count++] = column;
}

/* People get the few columns that matter; machines all that the contract has. What the user chose
 * replaces that, and in JSON comes on top of the contract. */
static void choose_columns(const struct options *o, struct report_options *r)
{
	bool json = o->renderer == &render_json;

	if (o->renderer == &render_table && o->column_count == 0) {
		for (size_t i = 0; i < sizeof(table_columns) / sizeof(*table_columns); i++)
			add_column(r, column_find(slice_of(table_columns[i])));
	} else if (json || o->column_count == 0) {
		for (size_t i = 0; i < column_count; i++) {
			if (columns[i].role == COLUMN_COUNTER)
				add_column(r, &columns[i]);
		}
	}
	for (size_t i = 0; i < o->column_count && r->column_count < COLUMNS_MAX; i++)
		add_column(r, o->columns[i]);
}

static bool wants_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term &&
	       strcmp(term, "dumb") != 0;
}

/* Columns of the terminal; 0 if standard output is none, where nothing is shortened. */
static size_t terminal_width(void)
{
	const char *columns_text = getenv("COLUMNS");
	struct winsize size;
	const char *wrong = "";
	long long width = 0;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (columns_text)
		width = strtonum(columns_text, 1, 10000, &wrong);
	if (!wrong)
		return (size_t)width;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int show(const struct options *o, const struct report *report, struct error *e)
{
	const char *root = o->root ? o->root : "/proc";
	const struct render_options options = {
		.width = terminal_width(),
		.color = wants_color(o),
		.header = !o->no_header,
		.quiet = o->quiet,
		.units = o->units,
		.version = ANONMEM_VERSION,
		.paths = o->file_count ? (const char *const *)o->files : &root,
		.path_count = o->file_count ? o->file_count : 1,
	};

	if (o->renderer->render(report, &options, stdout, e) < 0)
		return -1;
	if (o->renderer->carries_notes)
		return 0;
	for (size_t i = 0; i < report->check_count; i++)
		say(report->checks[i]);
	if (o->quiet)
		return 0;
	if (coverage_missed(&report->snapshot->coverage) > 0)
		say(report->coverage);
	for (size_t i = 0; i < report->note_count; i++)
		say(report->notes[i]);
	return 0;
}

/* What is wrong with a snapshot is said after the report, which is right as far as it goes. */
static enum exit_status judge(const struct options *o, const struct snapshot *s)
{
	bool failed = s->problem_count > 0;

	for (size_t i = 0; i < s->problem_count; i++)
		say(s->problems[i].text);
	if (s->groups.inexact) {
		say("a sum is larger than 2^63-1 bytes and was cut off there; the input cannot be "
		    "right");
		failed = true;
	}
	if (o->verify && !verification_agrees(&s->verification)) {
		say(s->verification.compared
			    ? "the sums do not agree with the kernel's own; see the report"
			    : "there was nothing to compare with; see the report");
		failed = true;
	}
	if (failed)
		return EXIT_FAILED;
	if (o->strict && coverage_missed(&s->coverage) > 0) {
		say("the report is incomplete, which --strict does not allow");
		return EXIT_INCOMPLETE;
	}
	return EXIT_DONE;
}

static int report_snapshot(const struct options *o, const struct snapshot *s, struct error *e)
{
	struct report_options options = {
		.full_keys = o->renderer->full_keys,
		.sort = o->sort,
		.falling = o->falling,
		.limit = o->limit,
	};
	struct report report;
	int status;

	choose_columns(o, &options);
	status = report_build(s, &options, &report, e);
	if (status == 0)
		status = show(o, &report, e);
	report_free(&report);
	return status;
}

/* Whether anything is shown that only smaps or, with luck, smaps_rollup can say. */
static bool wants_shares(const struct options *o)
{
	static const char *const names[] = {"pss", "uss", "anonymous", "pss_percent"};

	if (o->renderer == &render_json || o->column_count == 0)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct column *shared = column_find(slice_of(names[i]));

		if (o->sort == shared)
			return true;
		for (size_t c = 0; c < o->column_count; c++) {
			if (o->columns[c] == shared)
				return true;
		}
	}
	return false;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void say_effort(const struct snapshot *s, double wall)
{
	const struct effort *effort = &s->effort;
	struct rusage usage;
	char text[256];

	getrusage(RUSAGE_SELF, &usage);
	snprintf(text, sizeof(text),
		 "%.3f s, %.3f s of CPU; %" PRIu64 " bytes in %" PRIu64
		 " calls, the longest %.3f ms on process %d",
		 wall, seconds(usage.ru_utime) + seconds(usage.ru_stime), effort->bytes,
		 effort->calls, (double)effort->longest_ns / 1e6, effort->longest_pid);
	say(text);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum exit_status run(const struct options *o, struct error *e)
{
	struct collect_options collecting = {
		.by = o->by,
		.selection = o->selection,
		.infer = !o->no_infer,
		.verify = o->verify,
		.jobs = o->jobs,
		.reading = {.scan = o->fast,
			    .shares = wants_shares(o),
			    .max_stall_ns = o->max_stall_ns,
			    .measure = o->stats},
	};
	double begun = now();
	enum exit_status status = EXIT_FAILED;
	struct source *source = NULL;
	struct rules *rules = NULL;
	struct snapshot snapshot = {0};

	if (grouping_has(&o->by, KEY_SUBSYSTEM) || o->rules) {
		rules = rulefiles_load(o->rules, o->no_rules, e);
		if (!rules)
			return EXIT_FAILED;
	}
	collecting.rules = rules;
	source = o->file_count ? source_open_files(o->files, o->file_count, e)
			       : source_open_proc(o->root, o->pids, o->pid_count, e);
	if (source && collect(source, &collecting, &snapshot, e) == 0 &&
	    report_snapshot(o, &snapshot, e) == 0)
		status = judge(o, &snapshot);
	if (o->stats && status != EXIT_FAILED)
		say_effort(&snapshot, now() - begun);
	snapshot_free(&snapshot);
	source_close(source);
	rules_free(rules);
	return status;
}

enum exit_status command_report(int argc, char **argv)
{
	struct error e = {.code = ERROR_NONE};
	enum exit_status status = EXIT_DONE;
	struct options o;

	if (options_parse(argc, argv, &o, &e) < 0) {
		status = e.code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
	} else if (o.action == ACTION_HELP) {
		options_write_help(stdout);
	} else if (o.action == ACTION_VERSION) {
		puts("anonmem " ANONMEM_VERSION);
	} else if (o.action == ACTION_COLUMNS) {
		options_write_columns(stdout);
	} else {
		status = run(&o, &e);
	}
	options_free(&o);
	if (e.code != ERROR_NONE)
		say(e.text);
	return status;
}
