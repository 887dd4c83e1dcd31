/*
 * The one-shot report: options, then source, collect, report, render.
 */
#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/commandline.h"
#include "cli/match.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/progress.h"
#include "cli/recall.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/version.h"
#include "collect/lineage.h"
#include "collect/survey.h"
#include "source/thread_id.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *const table_columns[] = {
	"processes", "mappings", "rss",	    "pss",	   "uss", "anonymous",
	"swap",	     "swap_pss", "hugetlb", "pss_percent", NULL,
};

/* Shown in addition to the object's own columns. */
static const char *const segment_columns[] = {"processes", "mappings", "rss",
					      "pss",	   "swap_pss", NULL};

/* Columns that a narrow terminal leaves out, in this order. */
static const char *const expendable_columns[] = {
	"swap_pss", "mappings", "pss_percent", "anonymous", "processes",
	"hugetlb",  "uss",	"swap",	       "rss",	    NULL,
};

static void say_all(char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		say(lines[i]);
}

/* Writes to standard error what the format has no place for. */
static void say_rest(const struct options *o, const struct report *report)
{
	if (!o->renderer->carries_notes)
		say_all(report->checks, report->check_count);
	if (carries_notes(o))
		return;
	if (o->quiet) {
		say_all(report->missing, report->missing_count);
		return;
	}
	if (coverage_missed(&report->snapshot->coverage) > 0)
		say(report->coverage);
	say_all(report->notes, report->note_count);
}

static int show(const struct options *o, const struct report *report,
		const struct timeline *timeline, struct error *e)
{
	const char *root = o->from_count ? o->from[0] : o->root ? o->root : "/proc";
	const struct column *expendable[COLUMNS_MAX];
	struct render_options options = {
		.color = wants_color(o, STDOUT_FILENO),
		.header = !o->no_header,
		.quiet = o->quiet,
		.units = o->units,
		.version = ANONMEM_VERSION,
		.paths = o->file_count ? (const char *const *)o->files : &root,
		.path_count = o->file_count ? o->file_count : 1,
		.timeline = timeline,
	};

	choose_width(o, expendable_columns, expendable, &options);
	if (o->renderer->render(report, &options, stdout, e) < 0)
		return -1;
	say_rest(o, report);
	return 0;
}

/* Hidden processes do not matter if processes were requested by pid. */
static bool is_incomplete(const struct options *o, const struct snapshot *s)
{
	return coverage_incomplete(&s->coverage) > 0 ||
	       (o->pid_count == 0 && s->machine.unseen & (UNSEEN_HIDDEN | UNSEEN_SYSTEM));
}

/* Reports problems after the report, which is correct as far as it goes. */
static enum exit_status judge(const struct options *o, const struct snapshot *s)
{
	bool failed = s->problems.count > 0;

	for (size_t i = 0; i < s->problems.count; i++)
		say(s->problems.list[i].text);
	if (s->groups.inexact) {
		say("a sum exceeds 2^63-1 bytes and was capped; the input is wrong");
		failed = true;
	}
	if (o->verify && !verification_agrees(&s->verification)) {
		say(s->verification.compared
			    ? "the sums do not agree with the kernel's own; see the report"
			    : "there was nothing to compare with; see the report");
		failed = true;
	}
	if (!match_found(o, s))
		match_say_none(o, s);
	if (failed)
		return EXIT_FAILED;
	if (o->strict && is_incomplete(o, s)) {
		say("the report is incomplete, which --strict does not allow");
		return EXIT_INCOMPLETE;
	}
	return match_found(o, s) ? EXIT_DONE : EXIT_FAILED;
}

/* A table of no process tells people nothing, unless it has the RSS of a denied one or counts those
 * that may have matched; programs get a complete document in any case. */
static bool shows_nothing(const struct options *o, const struct snapshot *s)
{
	return o->renderer->hides_zeros && s->coverage.by_outcome[OUTCOME_READ] == 0 &&
	       s->coverage.by_outcome[OUTCOME_DENIED] == 0 &&
	       (s->problems.count > 0 || (!match_found(o, s) && s->coverage.unmatched == 0));
}

/* Reports why there is nothing to show: the last reason is the error. */
static int refuse(const struct options *o, const struct snapshot *s, struct error *e)
{
	bool matches = match_found(o, s);
	size_t count = s->problems.count - matches;

	for (size_t i = 0; i < count; i++)
		say(s->problems.list[i].text);
	return matches ? error_set(e, ERROR_SYSTEM, "%s", s->problems.list[count].text)
		       : match_error(o, s, e);
}

/* The timeline may be NULL. */
static int report_snapshot(const struct options *o, const struct snapshot *s,
			   const struct timeline *timeline, struct error *e)
{
	struct report_options options = {
		.full_keys = o->renderer->full_keys,
		.sort = o->sort,
		.falling = o->falling,
		.hide_zeros = o->renderer->hides_zeros && !o->all,
		.limit = o->limit,
	};
	struct report report;
	int status;

	if (shows_nothing(o, s))
		return refuse(o, s, e);
	choose_columns(o, grouping_has(&o->by, KEY_SEGMENT) ? segment_columns : table_columns,
		       &options);
	status = report_build(s, &options, &report, e);
	if (status == 0)
		status = show(o, &report, timeline, e);
	report_free(&report);
	return status;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void say_stats(const struct snapshot *s, uint64_t wall_ns)
{
	const struct read_stats *stats = &s->stats;
	struct rusage usage;
	char text[256];

	getrusage(RUSAGE_SELF, &usage);
	snprintf(text, sizeof(text),
		 "%.3f s, %.3f s of CPU; %" PRIu64 " bytes in %" PRIu64
		 " calls, the longest %.3f ms on process %d",
		 (double)wall_ns / 1e9, seconds(usage.ru_utime) + seconds(usage.ru_stime),
		 stats->bytes, stats->calls, (double)stats->longest_ns / 1e6, stats->longest_pid);
	say(text);
}

/* After this, no file named on the command line is opened, only files within a tree or list. */
static int prepare(const struct options *o, const struct source *source, struct users *users,
		   struct error *e)
{
	const struct sandbox box = {.creates = false};

	if (source_kind(source) == SOURCE_PROC)
		privilege_raise();
	else
		privilege_end();
	if (source_kind(source) == SOURCE_PROC && grouping_has(&o->by, KEY_USER) &&
	    users_learn(users, source, e) < 0)
		return -1;
	return sandbox_enter(&box, e);
}

static struct source *open_source(const struct options *o, struct error *e)
{
	if (o->from_count)
		return source_open_from(o->from, o->from_count, e);
	if (o->file_count)
		return source_open_files(o->files, o->file_count, e);
	return source_open_proc(o->root, o->pids, o->pid_count, e);
}

/* Finds out what --from names. */
static int load(struct options *o, struct source *source, struct error *e)
{
	if (!o->from_count)
		return 0;
	if (source_load(source, e) < 0 || arguments_settle(o, source_kind(source), e) < 0)
		return -1;
	source_limit(source, o->pids, o->pid_count);
	return 0;
}

static int read_and_report(const struct options *o, const struct source *source,
			   const struct rules *rules, const struct users *users,
			   struct snapshot *snapshot, struct error *e)
{
	struct containers *containers = NULL;
	struct lineage lineage = {.unmatched = 0};
	struct progress progress;
	struct collect_options collecting = {
		.progress = progress_of_processes,
		.progress_ctx = &progress,
		.by = o->by,
		.selection = o->selection,
		.rules = rules,
		.users = source_kind(source) == SOURCE_PROC ? users : NULL,
		.infer = o->infer,
		.verify = o->verify,
		.finds_sharers = true,
		.exclusive = wants_exclusive(o),
		.usages = wants_usages(o),
		.jobs = o->jobs,
		.children = o->children ? &lineage : NULL,
		.reading = {.needs = columns_need(o),
			    .scan = o->fast,
			    .shares = wants_shares(o),
			    .max_stall_ns = o->max_stall_ns,
			    .measure = o->stats,
			    .heaps = wants_heaps(o)},
	};
	int status;

	if (source_kind(source) != SOURCE_SMAPS) {
		collecting.containers = containers = containers_open(source, e);
		if (!containers)
			return -1;
	}
	progress_begin(&progress, !o->quiet);
	status = survey(source, &collecting, snapshot, e);
	progress_end(&progress);
	if (status == 0)
		status = report_snapshot(o, snapshot, NULL, e);
	lineage_free(&lineage);
	containers_close(containers);
	return status;
}

static enum exit_status run(struct options *o, struct error *e)
{
	bool captured = o->root || o->file_count || o->from_count;
	struct users users = {NULL, 0};
	uint64_t begun = clock_ns(CLOCK_MONOTONIC);
	enum exit_status status = EXIT_FAILED;
	struct source *source;
	struct rules *rules = NULL;
	struct snapshot snapshot = {0};

	if ((!wants_exclusive(o) || captured || o->fast || o->max_stall_ns) &&
	    privilege_drop_admin(e) < 0)
		return EXIT_FAILED;
	if (arguments_need_rules(o)) {
		rules = rulefiles_load(o->rules, o->no_rules, e);
		if (!rules)
			return EXIT_FAILED;
	}
	if (!captured)
		thread_ids_to_processes(o->pids, o->pid_count);
	source = open_source(o, e);
	if (source && prepare(o, source, &users, e) == 0) {
		if (load(o, source, e) < 0)
			status = e->code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
		else if (read_and_report(o, source, rules, &users, &snapshot, e) == 0)
			status = judge(o, &snapshot);
	}
	if (o->stats && status != EXIT_FAILED && status != EXIT_USAGE)
		say_stats(&snapshot, clock_ns(CLOCK_MONOTONIC) - begun);
	snapshot_free(&snapshot);
	source_close(source);
	users_free(&users);
	rules_free(rules);
	return status;
}

static int recall_and_report(struct options *o, const struct recalled *recalled,
			     const struct rules *rules, struct snapshot *s, struct error *e)
{
	struct timeline timeline = {.count = 0};
	int status;

	if (!recall_wants_span(o, recalled))
		return recall_read(o, recalled, rules, s, e) < 0 ? -1
								 : report_snapshot(o, s, NULL, e);
	status = recall_read_span(o, recalled, rules, s, &timeline, e);
	if (status == 0)
		status = report_snapshot(o, s, &timeline, e);
	timeline_free(&timeline);
	return status;
}

/* Reports a past moment, or a whole span, for which only files are read. */
static enum exit_status run_recorded(struct options *o, struct error *e)
{
	const struct sandbox box = {.creates = false};
	enum exit_status status = EXIT_FAILED;
	struct rules *rules = NULL;
	struct snapshot snapshot = {0};
	struct recalled recalled;

	privilege_end();
	if (arguments_settle(o, SOURCE_RECORDING, e) < 0)
		return EXIT_USAGE;
	if (arguments_need_rules(o)) {
		rules = rulefiles_load(o->rules, o->no_rules, e);
		if (!rules)
			return EXIT_FAILED;
	}
	if (recall_open(o, &recalled, e) == 0 && sandbox_enter(&box, e) == 0 &&
	    recall_and_report(o, &recalled, rules, &snapshot, e) == 0)
		status = judge(o, &snapshot);
	else if (e->code == ERROR_USAGE)
		status = EXIT_USAGE;
	snapshot_free(&snapshot);
	recall_free(&recalled);
	rules_free(rules);
	return status;
}

static enum exit_status work(struct options *o, struct error *e)
{
	if (recall_is(o))
		return run_recorded(o, e);
	if (recall_refuse(o, "a report can have one only; compare two with anonmem diff", e) < 0)
		return EXIT_USAGE;
	return run(o, e);
}

enum exit_status command_report(int argc, char **argv)
{
	return commandline_run(FOR_REPORT, argc, argv, work);
}
