/*
 * `anonmem check`: checks that memory is within a budget, for CI.
 */
#include "cli/budget.h"
#include "cli/commandline.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/probe.h"
#include "cli/repeat.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/series.h"
#include "cli/show.h"
#include "cli/summary.h"
#include "cli/version.h"
#include "render/verdict.h"
#include "source/thread_id.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct check {
	struct options *o;
	struct budget budget;
	struct rules *rules;
	enum inferring infer;
	struct series now, baseline;
	struct repeated repeated; /* the output of each run of the command */
	bool is_run;		  /* this process is one of these runs */
	struct judgement *judgements;
	struct summary_result program; /* the command */
	FILE *out;
};

static struct collect_options how_to_read(const struct check *c)
{
	const struct options *o = c->o;

	return (struct collect_options){
		.by = budget_grouping(&c->budget),
		.selection = o->selection,
		.rules = c->rules,
		.infer = c->infer,
		.finds_sharers = true,
		.jobs = o->jobs,
		.reading = {.shares = true},
	};
}

static int read_series(const struct check *c, struct series *s, struct error *e)
{
	const struct collect_options options = how_to_read(c);

	return series_read(s, &c->budget, &options, e);
}

static bool take_reading(void *ctx, const struct snapshot *s)
{
	struct check *c = ctx;

	for (size_t i = 0; i < c->budget.count; i++) {
		if (!budget_measure(&c->budget.list[i], s, &c->now.runs.list[0][i]))
			return false;
	}
	return true;
}

static int run_command(struct check *c, struct error *e)
{
	struct collect_options options = how_to_read(c);
	char self[PATH_MAX], **command;
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t count = 0;
	int status;

	if (length < 0)
		return error_errno(e, "cannot read /proc/self/exe");
	self[length] = '\0';
	while (c->o->program[count])
		count++;
	command = calloc(count + 4, sizeof(*command));
	if (!command)
		return error_memory(e);
	command[0] = self;
	command[1] = (char[]){"run"};
	command[2] = (char[]){"--"};
	memcpy(command + 3, c->o->program, count * sizeof(*command));
	options.jobs = 1;
	status = summary_measure(command, &options, take_reading, c, &c->program, e);
	free(command);
	return status;
}

/* After this, the process is in the sandbox. */
static int run_once(struct check *c, struct error *e)
{
	struct usage *usages = series_add_run(&c->now, &c->budget, &c->program.peaks.most, true, 0);

	if (!usages)
		return error_memory(e);
	if (run_command(c, e) < 0)
		return -1;
	c->now.readings = c->now.views[0].readings = c->program.peaks.readings;
	c->now.program_status = c->program.status;
	/* The program ended before it could be read, or none of it could be read. */
	for (size_t i = 0; i < c->budget.count; i++)
		usages[i].open = c->program.missed || !c->program.peaks.readings;
	return 0;
}

static bool is_repeated(const struct options *o)
{
	return o->program && o->repeat > 1;
}

static int open_baseline(struct check *c, struct error *e)
{
	const struct options *o = c->o;

	return o->baseline_count ? series_open(&c->baseline, o->baselines, o->baseline_count, o, e)
				 : 0;
}

/* Each run writes a check of its own as JSON, which is read back here. */
static int run_often(struct check *c, struct error *e)
{
	const struct sandbox box = {.creates = false};

	switch (repeat(&c->repeated, c->o->repeat, &c->out, e)) {
	case REPEAT_FAILED:
		return -1;
	case REPEAT_CHILD:
		c->is_run = true;
		return run_once(c, e);
	case REPEAT_DONE:
		break;
	}
	privilege_end();
	if (open_baseline(c, e) < 0 || sandbox_enter(&box, e) < 0)
		return -1;
	for (size_t i = 0; i < c->repeated.count; i++) {
		struct slice text = {c->repeated.list[i].bytes, c->repeated.list[i].size};

		if (series_add_check(&c->now, text, c->o, e) < 0)
			return -1;
	}
	return read_series(c, &c->now, e);
}

/* Watching the program has entered the sandbox, so the baseline is read inside it. */
static int read_program(struct check *c, struct error *e)
{
	if ((is_repeated(c->o) ? run_often : run_once)(c, e) < 0)
		return -1;
	return series_load(&c->baseline, e) < 0 ? -1 : read_series(c, &c->baseline, e);
}

static int read_sides(struct check *c, struct error *e)
{
	const struct sandbox box = {.creates = false};

	if (c->o->from_count || c->o->baseline_count)
		privilege_end();
	else
		privilege_raise();
	if (sandbox_enter(&box, e) < 0 || series_load(&c->now, e) < 0 ||
	    series_load(&c->baseline, e) < 0)
		return -1;
	c->infer = series_inferring(&c->baseline, series_inferring(&c->now, c->o->infer));
	return read_series(c, &c->now, e) < 0 ? -1 : read_series(c, &c->baseline, e);
}

static int judge_all(struct check *c, struct error *e)
{
	for (size_t i = 0; i < c->budget.count; i++) {
		if (budget_judge(&c->budget, i, &c->now.runs, &c->baseline.runs, &c->judgements[i],
				 e) < 0)
			return -1;
	}
	return 0;
}

/* The status of a run only tells whether another run should follow. */
static enum exit_status exit_status_of(const struct check *c, enum verdict verdict)
{
	if (verdict == VERDICT_OVER && !c->is_run)
		return EXIT_OVER;
	return (verdict == VERDICT_UNKNOWN && !c->is_run) || c->now.program_status != 0
		       ? EXIT_FAILED
		       : EXIT_DONE;
}

static const struct verdict_format *format_of(const struct check *c)
{
	const struct verdict_format *json = verdict_formats;

	while (c->is_run && strcmp(json->name, "json") != 0)
		json++;
	return c->is_run ? json : c->o->verdict_format;
}

static int write_verdict(const struct check *c, enum exit_status *status, struct error *e)
{
	const struct options *o = c->o;
	const struct snapshot *after = series_middle(&c->now, &c->budget),
			      *before = series_middle(&c->baseline, &c->budget);
	struct snapshot nothing;
	struct delta d;
	struct verdict_view view = {
		.budget = &c->budget,
		.judgements = c->judgements,
		.delta = &d,
		.has_baseline = before != NULL,
		.quiet = o->quiet,
		.color = wants_color(o, fileno(c->out)),
		.units = o->units,
		.version = ANONMEM_VERSION,
		.runs = c->now.views,
		.run_count = c->now.runs.count,
		.readings = c->now.readings,
		.program = c->now.views[0].is_program ? c->now.program_status : -1,
	};
	int result;

	snapshot_init(&nothing, SOURCE_PROC, &after->by);
	result = delta_make(&d, before ? before : &nothing, after, e);
	if (result == 0)
		result = format_of(c)->write(&view, c->out, e);
	if (result == 0 && c->is_run)
		repeat_end(c->out);
	*status = exit_status_of(c, verdict_of_all(&view));
	delta_free(&d);
	snapshot_free(&nothing);
	return result;
}

static int make_budget(struct check *c, struct error *e)
{
	const struct options *o = c->o;
	const struct budget_line line = {
		.labels = o->labels,
		.label_count = o->label_count,
		.max = o->max,
		.max_count = o->max_count,
		.growth = o->growth,
		.growth_count = o->growth_count,
		.subsystem = o->subsystem,
		.by = o->by_text,
		.optional = o->optional,
	};
	bool grows = false;

	if (budget_add(&c->budget, &line, 0, e) < 0 ||
	    (o->budget && budget_read(&c->budget, o->budget, e) < 0))
		return -1;
	if (c->budget.count == 0)
		return error_set(e, ERROR_USAGE, "missing rule: give --max, --growth or --budget");
	for (size_t i = 0; i < c->budget.count; i++)
		grows |= c->budget.list[i].limit != BUDGET_MAX;
	if (grows && !o->baseline_count)
		return error_set(e, ERROR_USAGE, "--growth needs --baseline");
	return 0;
}

/* Redirects the program's standard output to standard error, so that standard output has only the
 * verdict. */
static int separate_output(struct check *c, struct error *e)
{
	int fd;

	c->out = stdout;
	if (!c->o->program)
		return 0;
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	c->out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!c->out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return error_errno(e, "cannot redirect standard output");
	return 0;
}

/* With a command, the baseline is examined before the command runs. */
static int open_sides(struct check *c, struct error *e)
{
	struct options *o = c->o;

	c->infer = o->infer;
	if (o->program && probe_inferring(o->baselines, o->baseline_count, o, &c->infer, e) < 0)
		return -1;
	if (!o->from_count)
		thread_ids_to_processes(o->pids, o->pid_count);
	if (!o->program && series_open(&c->now, o->from, o->from_count, o, e) < 0)
		return -1;
	return is_repeated(o) ? 0 : open_baseline(c, e);
}

static int prepare(struct check *c, struct error *e)
{
	struct options *o = c->o;

	/* As in `run`, the program keeps the user's rights; see main.c. */
	if (!o->program && privilege_reduce(0, e) < 0)
		return -1;
	if (make_budget(c, e) < 0)
		return -1;
	c->judgements = calloc(c->budget.count, sizeof(*c->judgements));
	if (!c->judgements)
		return error_memory(e);
	c->rules = rulefiles_load(o->rules, o->no_rules, e);
	if (!c->rules || open_sides(c, e) < 0)
		return -1;
	return separate_output(c, e);
}

static int close_output(struct check *c, struct error *e)
{
	FILE *out = c->out;
	bool lost;

	c->out = NULL;
	if (!out || out == stdout)
		return 0;
	lost = ferror(out);
	if (fclose(out) != 0)
		return error_errno(e, "cannot write to standard output");
	return lost ? error_set(e, ERROR_SYSTEM,
				"cannot write to standard output: some of it was lost")
		    : 0;
}

static void say_lost_names(const struct check *c)
{
	uint64_t n = series_lost_names(&c->now) + series_lost_names(&c->baseline);
	char text[128];

	if (n == 0)
		return;
	snprintf(text, sizeof(text),
		 "%" PRIu64 " process%s names of memory that could not be read; that memory is "
		 "shown without names",
		 n, n == 1 ? " keeps" : "es keep");
	say(text);
}

static void free_check(struct check *c)
{
	for (size_t i = 0; c->judgements && i < c->budget.count; i++)
		judgement_free(&c->judgements[i]);
	free(c->judgements);
	peaks_free(&c->program.peaks);
	series_free(&c->now, &c->budget);
	series_free(&c->baseline, &c->budget);
	repeat_free(&c->repeated);
	rules_free(c->rules);
	budget_free(&c->budget);
}

static int work(struct check *c, enum exit_status *status, struct error *e)
{
	if (prepare(c, e) < 0 || (c->o->program ? read_program : read_sides)(c, e) < 0 ||
	    judge_all(c, e) < 0 || write_verdict(c, status, e) < 0)
		return -1;
	return close_output(c, e);
}

static enum exit_status run(struct options *o, struct error *e)
{
	struct check c = {.o = o};
	enum exit_status status = EXIT_FAILED;
	struct error ignored = {.code = ERROR_NONE};
	bool is_whole;

	if (work(&c, &status, e) < 0) {
		status = e->code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
		close_output(&c, &ignored);
		if (!e->text[0]) /* another process has reported it */
			e->code = ERROR_NONE;
	}
	if (e->code == ERROR_NONE)
		say_lost_names(&c);
	is_whole = series_say_problems(&c.now);
	is_whole = series_say_problems(&c.baseline) && is_whole;
	if (!is_whole && status == EXIT_DONE)
		status = EXIT_FAILED;
	free_check(&c);
	return status;
}

enum exit_status command_check(int argc, char **argv)
{
	return commandline_run(FOR_CHECK, argc, argv, run);
}
