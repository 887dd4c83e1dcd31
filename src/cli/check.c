/*
 * `anonmem check`: whether memory is within a budget, for CI.
 */
#include "cli/budget.h"
#include "cli/commandline.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/side.h"
#include "cli/summary.h"
#include "cli/version.h"
#include "collect/lineage.h"
#include "render/verdict.h"
#include "source/thread_id.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct check {
	struct options *o;
	struct budget budget;
	struct rules *rules;
	struct side now, baseline;
	struct usage *usages, *before; /* of each rule */
	struct judgement *judgements;
	struct summary_result program; /* with a command */
	FILE *out;
};

static struct collect_options how_to_read(const struct check *c)
{
	const struct options *o = c->o;

	return (struct collect_options){
		.by = budget_grouping(&c->budget),
		.selection = o->selection,
		.rules = c->rules,
		.infer = side_inferring(&c->now, &c->baseline, o->infer),
		.finds_sharers = true,
		.jobs = o->jobs,
		.reading = {.shares = true},
	};
}

static int read_side(const struct check *c, struct side *side, struct error *e)
{
	struct collect_options options = how_to_read(c);
	struct lineage lineage = {.unmatched = 0};
	int status;

	options.children = c->o->children ? &lineage : NULL;
	status = side_read(side, &options, e);
	lineage_free(&lineage);
	return status;
}

static bool measure(struct check *c, const struct snapshot *s, struct usage *usages)
{
	for (size_t i = 0; i < c->budget.count; i++) {
		if (!budget_measure(&c->budget.list[i], s, &usages[i]))
			return false;
	}
	return true;
}

static bool measure_once(struct check *c, const struct snapshot *s, struct usage *usages)
{
	for (size_t i = 0; i < c->budget.count; i++)
		usages[i].open = budget_is_open(s);
	return measure(c, s, usages);
}

static bool take_reading(void *ctx, const struct snapshot *s)
{
	struct check *c = ctx;

	return measure(c, s, c->usages);
}

/* The baseline is read after this, behind the sandbox that watching the program has entered. */
static int run_program(struct check *c, struct error *e)
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

/* What the memory consisted of; for a program, at its peaks. */
static const struct snapshot *now_of(const struct check *c)
{
	return c->o->program ? &c->program.peaks.most : &c->now.snapshot;
}

static int judge_all(struct check *c, struct error *e)
{
	for (size_t i = 0; i < c->budget.count; i++) {
		/* The program ended before it could be read, or nothing of it could be. */
		c->usages[i].open |=
			c->o->program && (c->program.missed || !c->program.peaks.readings);
		if (budget_judge(&c->budget.list[i], &c->usages[i], &c->before[i],
				 &c->judgements[i], e) < 0)
			return -1;
	}
	return 0;
}

static enum exit_status exit_status_of(const struct check *c, enum verdict verdict)
{
	if (verdict == VERDICT_OVER)
		return EXIT_OVER;
	return verdict == VERDICT_UNKNOWN || (c->o->program && c->program.status != 0) ? EXIT_FAILED
										       : EXIT_DONE;
}

static int write_verdict(const struct check *c, enum exit_status *status, struct error *e)
{
	const struct options *o = c->o;
	struct snapshot nothing;
	struct delta d;
	struct verdict_view view = {
		.budget = &c->budget,
		.judgements = c->judgements,
		.delta = &d,
		.has_baseline = c->baseline.path != NULL,
		.quiet = o->quiet,
		.color = wants_color(o, fileno(c->out)),
		.units = o->units,
		.version = ANONMEM_VERSION,
		.readings = c->program.peaks.readings,
		.program = o->program ? c->program.status : -1,
	};
	int result;

	snapshot_init(&nothing, SOURCE_PROC, &now_of(c)->by);
	result = delta_make(&d, view.has_baseline ? &c->baseline.snapshot : &nothing, now_of(c), e);
	if (result == 0)
		result = o->verdict_format->write(&view, c->out, e);
	*status = exit_status_of(c, verdict_of_all(&view));
	delta_free(&d);
	snapshot_free(&nothing);
	return result;
}

static int read_now(struct check *c, struct error *e)
{
	const struct sandbox box = {.creates = false};

	if (c->now.path || c->baseline.path)
		privilege_end();
	else
		privilege_raise();
	if (sandbox_enter(&box, e) < 0 || side_load(&c->now, c->o, e) < 0 ||
	    side_load(&c->baseline, c->o, e) < 0 || read_side(c, &c->now, e) < 0)
		return -1;
	return measure_once(c, &c->now.snapshot, c->usages) ? 0 : error_memory(e);
}

static int read_all(struct check *c, struct error *e)
{
	if ((c->o->program ? run_program(c, e) : read_now(c, e)) < 0)
		return -1;
	if (!c->baseline.path)
		return 0;
	if (c->o->program && side_load(&c->baseline, c->o, e) < 0)
		return -1;
	if (read_side(c, &c->baseline, e) < 0)
		return -1;
	return measure_once(c, &c->baseline.snapshot, c->before) ? 0 : error_memory(e);
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
		return error_set(e, ERROR_USAGE,
				 "there is no rule: give --max, --growth or --budget");
	for (size_t i = 0; i < c->budget.count; i++)
		grows |= c->budget.list[i].limit != BUDGET_MAX;
	if (grows && !o->baseline)
		return error_set(e, ERROR_USAGE, "a rule about growth needs --baseline");
	return 0;
}

static int make_room(struct check *c, struct error *e)
{
	size_t count = c->budget.count;

	c->usages = calloc(count, sizeof(*c->usages));
	c->before = calloc(count, sizeof(*c->before));
	c->judgements = calloc(count, sizeof(*c->judgements));
	if (!c->usages || !c->before || !c->judgements)
		return error_memory(e);
	for (size_t i = 0; i < count; i++) {
		usage_init(&c->usages[i]);
		usage_init(&c->before[i]);
	}
	return 0;
}

/* What the program writes goes to standard error, so that the verdict is alone on standard
 * output. */
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

static int prepare(struct check *c, struct error *e)
{
	struct options *o = c->o;
	bool captured = o->from_count > 0;

	/* As `run` does, for the program; see main.c. */
	if (!o->program && privilege_reduce(false, e) < 0)
		return -1;
	if (make_budget(c, e) < 0 || make_room(c, e) < 0)
		return -1;
	c->rules = rulefiles_load(o->rules, o->no_rules, e);
	if (!c->rules)
		return -1;
	if (!captured)
		thread_ids_to_processes(o->pids, o->pid_count);
	if (!o->program && side_open(&c->now, captured ? o->from[0] : NULL, o, e) < 0)
		return -1;
	if (o->baseline && side_open(&c->baseline, o->baseline, o, e) < 0)
		return -1;
	return separate_output(c, e);
}

static int close_output(const struct check *c, struct error *e)
{
	if (c->out == stdout)
		return 0;
	return fclose(c->out) == 0 ? 0 : error_errno(e, "cannot write to standard output");
}

static void free_check(struct check *c)
{
	for (size_t i = 0; c->judgements && i < c->budget.count; i++) {
		usage_free(&c->usages[i]);
		usage_free(&c->before[i]);
		free(c->judgements[i].list);
	}
	free(c->usages);
	free(c->before);
	free(c->judgements);
	peaks_free(&c->program.peaks);
	side_free(&c->now);
	side_free(&c->baseline);
	rules_free(c->rules);
	budget_free(&c->budget);
}

static enum exit_status run(struct options *o, struct error *e)
{
	struct check c = {.o = o};
	enum exit_status status = EXIT_FAILED;
	bool is_whole;

	if (prepare(&c, e) < 0 || read_all(&c, e) < 0 || judge_all(&c, e) < 0 ||
	    write_verdict(&c, &status, e) < 0 || close_output(&c, e) < 0)
		status = e->code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
	is_whole = side_say_problems(&c.now);
	is_whole = side_say_problems(&c.baseline) && is_whole;
	if (!is_whole && status == EXIT_DONE)
		status = EXIT_FAILED;
	free_check(&c);
	return status;
}

enum exit_status command_check(int argc, char **argv)
{
	return commandline_run(FOR_CHECK, argc, argv, run);
}
