/*
 * `anonmem top`: refreshes a report on the screen or, with --batch, writes one after the other.
 */
#include "tui/top.h"
#include "base/clock.h"
#include "cli/commandline.h"
#include "cli/descriptors.h"
#include "cli/match.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/recall.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/version.h"
#include "collect/lineage.h"
#include "render/head.h"
#include "report/notes.h"
#include "source/thread_id.h"
#include "watch/view.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const table_columns[] = {
	"state",    "pss",	 "change",    "growth",	  "history", "rss", "uss",
	"swap_pss", "anonymous", "processes", "mappings", "hugetlb", NULL,
};

/* Columns that a narrow batch leaves out, in this order; the screen decides by itself. */
static const char *const expendable_columns[] = {
	"mappings", "processes", "anonymous", "swap_pss", "hugetlb", "uss",
	"history",  "growth",	 "rss",	      "state",	  NULL,
};

static bool is_captured(const struct options *o)
{
	return o->root || o->from_count;
}

/* Everything named on the command line is open, except the file of the key `w`, which must be new.
 * With lent rights, it could be created where the user has no access. */
static int prepare(const void *options, struct error *e)
{
	const struct options *o = options;
	const struct sandbox box = {.creates = !o->batch && !privilege_is_lent()};

	if (is_captured(o))
		privilege_end();
	else
		privilege_raise();
	return sandbox_enter(&box, e);
}

/* Looks up the users that have processes now; others are looked up later, in files only. */
static int learn_users(const struct options *o, struct users *users, struct error *e)
{
	struct source *source = source_open_proc(NULL, o->pids, o->pid_count, e);
	int status = source ? users_learn(users, source, e) : -1;

	source_close(source);
	return status;
}

/* A folder of captured trees has no names of containers. */
static struct containers *learn_containers(const struct options *o, const struct source *opened)
{
	struct source *own = NULL;
	struct containers *containers;
	struct error e;

	if (!opened)
		opened = own = source_open_proc(o->root, NULL, 0, &e);
	containers = opened ? containers_open(opened, &e) : NULL;
	source_close(own);
	return containers;
}

static struct driver_options describe_driver(const struct options *o, struct source *source,
					     const struct rules *rules, const struct users *users,
					     struct containers *containers, struct lineage *lineage)
{
	enum {
		KEPT = 2048, /* files that stay open */
	};

	return (struct driver_options){
		.root = source ? o->from[0] : o->root,
		.source = source,
		.pids = o->pids,
		.pid_count = o->pid_count,
		.watching = {.collecting = {.by = watch_grouping(&o->by),
					    .selection = o->selection,
					    .rules = rules,
					    .users = is_captured(o) ? NULL : users,
					    .containers = containers,
					    .infer = o->infer,
					    .exclusive = wants_exclusive(o),
					    .jobs = o->jobs,
					    .children = o->children ? lineage : NULL,
					    .reading = {.needs = columns_need(o),
							.scan = o->fast,
							.shares = wants_shares(o),
							.max_stall_ns = is_captured(o)
										? 0
										: o->max_stall_ns,
							.heaps = wants_heaps(o)}},
			     .files = descriptors_to_keep(KEPT)},
		.delay_ns = o->delay_ns,
		.iterations = o->iterations,
	};
}

/* Common setup of screen and batch. */
static void describe(const struct options *o, struct top *top)
{
	*top = (struct top){
		.by = o->by,
		.report = {.full_keys = o->renderer->full_keys,
			   .sort = o->sort,
			   .falling = o->falling,
			   .hide_zeros = o->renderer->hides_zeros && !o->all,
			   .limit = o->limit},
		.rendering = {.color = wants_color(o, STDOUT_FILENO),
			      .header = !o->no_header,
			      .quiet = o->quiet,
			      .units = o->units,
			      .one_line = true,
			      .version = ANONMEM_VERSION,
			      .path_count = 1},
	};
	choose_columns(o, table_columns, &top->report);
}

static void wait_until_due(const struct driver *d)
{
	struct timespec t = clock_timespec(driver_time_left(d));

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

static void write_head(const struct top *top)
{
	enum { WIDTH = 80 };
	const struct driver *d = &top->driver;
	const struct head_options head = {
		.width = top->rendering.width ? top->rendering.width : WIDTH,
		.delay = (double)d->options.delay_ns / 1e9,
		.live = !d->options.root,
		.recorded = d->options.player ? &d->recorded : NULL,
		.paused = d->options.player != NULL,
		.percent = -1,
		.units = top->rendering.units,
		.naming = &d->watch->naming,
		.selected = driver_selects(d),
	};

	for (unsigned i = 0; i < HEAD_LINES; i++) {
		char *line = head_line(d->watch, &head, i);

		puts(line ? line : "");
		free(line);
	}
}

/* Writes a report of the batch, with the screen's head if the format has one; a blank line
 * separates reports. */
static int write_one(const struct options *o, const struct top *top, struct view *view,
		     struct error *e)
{
	struct watch *w = top->driver.watch;
	const char *path = driver_path(&top->driver);
	struct render_options rendering = top->rendering;
	struct report report;
	int status;

	if (view_update(view, w, e) < 0)
		return -1;
	if (o->renderer->has_screen && watch_number(w) > 1)
		putchar('\n');
	if (o->renderer->has_screen && !o->quiet)
		write_head(top);
	rendering.header &= !o->renderer->header_once || watch_number(w) == 1;
	rendering.paths = &path;
	status = report_build(&view->snapshot, &top->report, &report, e);
	if (report.hidden > 0)
		rendering.total = "all rows";
	else if (driver_selects(&top->driver))
		rendering.total = "selected";
	if (status == 0)
		status = o->renderer->render(&report, &rendering, stdout, e);
	report_free(&report);
	if (status < 0 || fflush(stdout) == 0)
		return status;
	error_errno(e, "cannot write to standard output");
	/* main() would say so once more. */
	__fpurge(stdout);
	clearerr(stdout);
	return -1;
}

/* If the format does not show it, reports the number of missed processes whenever it changes. */
static void say_coverage(const struct options *o, const struct view *view, uint64_t *missed)
{
	const struct coverage *c = &view->snapshot.coverage;
	uint64_t now = coverage_missed(c) + c->unmatched;
	char **lines = NULL, *sentence;
	size_t count = 0;

	if (carries_notes(o) || now == *missed)
		return;
	*missed = now;
	missing_make(&view->snapshot, &lines, &count);
	for (size_t i = 0; i < count; i++) {
		say(lines[i]);
		free(lines[i]);
	}
	free(lines);
	if (now > 0)
		return;
	sentence = coverage_sentence(&view->snapshot);
	if (sentence)
		say(sentence);
	free(sentence);
}

/* Whether anything has matched so far; reports once if nothing did. */
static bool look_for_match(const struct options *o, const struct snapshot *s, bool matched)
{
	matched = matched || match_found(o, s);
	if (!matched && s->refresh == 1)
		match_say_none(o, s);
	return matched;
}

/* Another run of a recording may have other keys. */
static void suit_watch(const struct top *top, struct view *view, uint64_t *watch_number)
{
	const struct driver *d = &top->driver;
	struct grouping by;

	if (!d->options.player || *watch_number == d->watch_number)
		return;
	*watch_number = d->watch_number;
	by = recorded_grouping(d->watch, &top->by);
	view_free(view);
	view_init(view, &by);
}

/* 0, 1 if nothing ever matched, or -1 with *e. */
static int run_batch(const struct options *o, struct top *top, struct error *e)
{
	const struct column *expendable[COLUMNS_MAX];
	struct view view;
	uint64_t missed = 0, watch_number = 0;
	bool matched = false;
	int status;

	choose_width(o, expendable_columns, expendable, &top->rendering);
	if (prepare(o, e) < 0)
		return -1;
	view_init(&view, &top->by);
	while ((status = driver_refresh(&top->driver, e)) > 0) {
		suit_watch(top, &view, &watch_number);
		status = write_one(o, top, &view, e);
		if (status < 0)
			break;
		say_coverage(o, &view, &missed);
		matched = look_for_match(o, &view.snapshot, matched);
		if (driver_is_done(&top->driver))
			break;
		if (top->driver.options.player)
			continue;
		if (!replay_has_next(&top->driver.replay))
			break;
		wait_until_due(&top->driver);
	}
	view_free(&view);
	return status < 0 ? -1 : !matched;
}

static int check_terminal(const struct options *o, struct error *e)
{
	const char *term = getenv("TERM");

	if (o->batch)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_set(
			e, ERROR_USAGE,
			"anonmem top needs a terminal; use -b to write to a pipe or a file");
	if (!term || !*term)
		return error_set(e, ERROR_USAGE,
				 "TERM is not set; set it to the type of your terminal, or use -b");
	return 0;
}

/* Opens what --from names: an archive as a source, or a folder, which is treated like --root and
 * may hold several trees. 0, or -1 with *e. */
static int open_from(struct options *o, struct source **source, struct error *e)
{
	struct stat st;

	*source = NULL;
	if (!o->from_count)
		return 0;
	if (o->from_count == 1 && stat(o->from[0], &st) == 0 && S_ISDIR(st.st_mode)) {
		o->root = o->from[0];
		return 0;
	}
	*source = source_open_from(o->from, o->from_count, e);
	return *source ? 0 : -1;
}

/* Returns like run_batch(). The screen itself shows that nothing matches. */
static int run(struct options *o, struct error *e)
{
	struct source *source;
	struct users users = {NULL, 0};
	struct containers *containers;
	struct lineage lineage = {.unmatched = 0};
	struct driver_options driver;
	struct rules *rules;
	struct top top;
	int status;

	if (check_terminal(o, e) < 0)
		return -1;
	rules = rulefiles_load(o->rules, o->no_rules, e);
	if (!rules)
		return -1;
	if (open_from(o, &source, e) < 0) {
		rules_free(rules);
		return -1;
	}
	privilege_distrust_terminfo();
	if (!is_captured(o))
		thread_ids_to_processes(o->pids, o->pid_count);
	describe(o, &top);
	containers = learn_containers(o, source);
	driver = describe_driver(o, source, rules, &users, containers, &lineage);
	status = driver_open(&top.driver, &driver, e);
	if (status == 0 && !is_captured(o))
		status = learn_users(o, &users, e);
	if (status == 0)
		status = o->batch ? run_batch(o, &top, e) : top_run(&top, prepare, o, e);
	driver_close(&top.driver);
	source_close(source);
	containers_close(containers);
	lineage_free(&lineage);
	users_free(&users);
	rules_free(rules);
	return status;
}

static int watch_recording(const struct options *o, const struct recalled *recalled,
			   const struct rules *rules, struct error *e)
{
	struct driver_options driver = describe_driver(o, NULL, rules, NULL, NULL, NULL);
	struct recall what = recall_describe(o, rules);
	struct top top;
	int status;

	/* Without --by, no key is required: the view begins with a recorded one. */
	if (o->by_default)
		what.by.count = 0;
	describe(o, &top);
	driver.root = o->from[0];
	driver.time = recalled->time;
	driver.from_first = o->batch;
	driver.player = player_new(recalled->recording, &what);
	if (!driver.player)
		return error_memory(e);
	status = driver_open(&top.driver, &driver, e);
	if (status == 0)
		status = o->batch ? run_batch(o, &top, e) : top_run(&top, prepare, o, e);
	driver_close(&top.driver);
	player_free(driver.player);
	return status;
}

/* Returns like run(). A recording plays faster than real time. */
static int run_recorded(struct options *o, struct error *e)
{
	const uint64_t delay_ns = 500000000;
	struct recalled recalled = {.path = NULL};
	struct rules *rules;
	int status;

	privilege_end();
	if (check_terminal(o, e) < 0)
		return -1;
	rules = rulefiles_load(o->rules, o->no_rules, e);
	if (!rules)
		return -1;
	privilege_distrust_terminfo();
	if (!o->delay_given)
		o->delay_ns = delay_ns;
	status = recall_open(o, &recalled, e);
	if (status == 0)
		status = watch_recording(o, &recalled, rules, e);
	recall_free(&recalled);
	rules_free(rules);
	return status;
}

static enum exit_status work(struct options *o, struct error *e)
{
	return (recall_is(o) ? run_recorded : run)(o, e) == 0 ? EXIT_DONE : commandline_failure(e);
}

enum exit_status command_top(int argc, char **argv)
{
	return commandline_run(FOR_TOP, argc, argv, work);
}
