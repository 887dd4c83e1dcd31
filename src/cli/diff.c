/*
 * `anonmem diff`: what grew between two moments, versions or machines.
 */
#include "base/clock.h"
#include "cli/commandline.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/side.h"
#include "cli/version.h"
#include "collect/lineage.h"
#include "render/changes.h"
#include "render/renderers.h"
#include "source/thread_id.h"

#include <time.h>
#include <unistd.h>

enum { BEFORE, AFTER, SIDES };

struct diff {
	struct options *o;
	struct side sides[SIDES];
	struct rules *rules;
	struct users users;
};

/* Writes to standard error what the format has no place for. */
static void say_rest(const struct options *o, const struct report *r)
{
	if (carries_notes(o) || o->quiet)
		return;
	say(r->coverage);
	for (size_t i = 0; i < r->note_count; i++)
		say(r->notes[i]);
}

static int write_changes(const struct diff *diff, const struct changes *c, struct error *e)
{
	const struct options *o = diff->o;
	const struct changes_view view = {.changes = c,
					  .before = diff->sides[BEFORE].path,
					  .after = diff->sides[AFTER].path,
					  .version = ANONMEM_VERSION};
	const char *const paths[SIDES] = {view.before ? view.before : "now",
					  view.after ? view.after : "now"};
	struct render_options options = {
		.color = wants_color(o, STDOUT_FILENO),
		.header = !o->no_header,
		.quiet = o->quiet,
		.units = o->units,
		.version = ANONMEM_VERSION,
		.paths = paths,
		.path_count = SIDES,
	};
	static const char *const expendable[] = {NULL};
	const struct column *list[COLUMNS_MAX];
	int status;

	if (o->renderer == &render_json)
		return changes_write_json(&view, stdout, e);
	choose_width(o, expendable, list, &options);
	status = o->renderer->render(&c->report, &options, stdout, e);
	if (status == 0)
		say_rest(o, &c->report);
	return status;
}

static const struct column *compared_column(const struct options *o)
{
	return o->columns.count ? o->columns.list[0] : column_find(SLICE("pss"));
}

static int compare(const struct diff *diff, struct error *e)
{
	const struct options *o = diff->o;
	const struct changes_options options = {
		.column = compared_column(o),
		.full_keys = o->renderer->full_keys,
		.hide_same = o->renderer->hides_zeros && !o->all,
		.limit = o->limit,
	};
	struct delta d;
	struct changes c = {.of = NULL};
	int status = delta_make(&d, &diff->sides[BEFORE].snapshot, &diff->sides[AFTER].snapshot, e);

	if (status == 0)
		status = changes_build(&d, &options, &c, e);
	if (status == 0)
		status = write_changes(diff, &c, e);
	changes_free(&c);
	delta_free(&d);
	return status;
}

static bool is_live(const struct side *side)
{
	return !side->path;
}

/* A recording has users by name, other files by number. */
static bool names_users(const struct diff *diff)
{
	for (int i = 0; i < SIDES; i++) {
		if (!is_live(&diff->sides[i]) && !diff->sides[i].recalled.recording)
			return false;
	}
	return true;
}

static int read_side(struct diff *diff, struct side *side, struct error *e)
{
	const struct options *o = diff->o;
	struct lineage lineage = {.unmatched = 0};
	const struct collect_options collecting = {
		.by = o->by,
		.selection = o->selection,
		.rules = diff->rules,
		.users = names_users(diff) ? &diff->users : NULL,
		.infer = side_inferring(&diff->sides[AFTER],
					side_inferring(&diff->sides[BEFORE], o->infer)),
		.finds_sharers = true,
		.jobs = o->jobs,
		.children = o->children ? &lineage : NULL,
		.reading = {.shares = true},
	};
	int status = side_read(side, &collecting, e);

	lineage_free(&lineage);
	return status;
}

static void wait_between(uint64_t ns)
{
	struct timespec left = clock_timespec(ns);

	while (nanosleep(&left, &left) < 0)
		;
}

/* A report cannot be filtered; a selection applies to the other side. */
static int check_selection(const struct diff *diff, struct error *e)
{
	const struct options *o = diff->o;

	if (!diff->sides[BEFORE].document || !diff->sides[AFTER].document ||
	    (!o->pid_count && !o->children && !selection_chooses_processes(&o->selection) &&
	     !selection_chooses_memory(&o->selection)))
		return 0;
	return error_set(e, ERROR_USAGE,
			 "cannot select from JSON reports; select when you write them");
}

static int read_both(struct diff *diff, struct error *e)
{
	for (int i = 0; i < SIDES; i++) {
		if (side_load(&diff->sides[i], e) < 0)
			return -1;
		if (side_runs(&diff->sides[i]))
			return error_set(e, ERROR_USAGE,
					 "%s is the JSON of a check; use anonmem check to read it",
					 diff->sides[i].path);
	}
	if (check_selection(diff, e) < 0 || read_side(diff, &diff->sides[BEFORE], e) < 0)
		return -1;
	wait_between(diff->o->for_ns);
	return read_side(diff, &diff->sides[AFTER], e);
}

/* With capabilities from the program's file, no file named by the user may be opened. So if one
 * side is a file, the other side is read with the user's own rights. */
static int prepare(struct diff *diff, struct error *e)
{
	const struct sandbox box = {.creates = false};
	const struct side *before = &diff->sides[BEFORE], *after = &diff->sides[AFTER];

	if (is_live(before) && is_live(after))
		privilege_raise();
	else
		privilege_end();
	if (grouping_has(&diff->o->by, KEY_USER) && is_live(after) && names_users(diff) &&
	    users_learn(&diff->users, after->source, e) < 0)
		return -1;
	return sandbox_enter(&box, e);
}

static int open_sides(struct diff *diff, struct error *e)
{
	struct options *o = diff->o;

	if (o->from_count == 0)
		thread_ids_to_processes(o->pids, o->pid_count);
	for (int i = 0; i < SIDES; i++) {
		if (side_open(&diff->sides[i], i < (int)o->from_count ? o->from[i] : NULL, o, e) <
		    0)
			return -1;
	}
	return 0;
}

static enum exit_status run(struct options *o, struct error *e)
{
	struct diff diff = {.o = o};
	enum exit_status status = EXIT_FAILED;

	if (grouping_has(&o->by, KEY_SUBSYSTEM) || o->rules) {
		diff.rules = rulefiles_load(o->rules, o->no_rules, e);
		if (!diff.rules)
			return EXIT_FAILED;
	}
	if (open_sides(&diff, e) == 0 && prepare(&diff, e) == 0 && read_both(&diff, e) == 0 &&
	    compare(&diff, e) == 0)
		status = EXIT_DONE;
	else if (e->code == ERROR_USAGE)
		status = EXIT_USAGE;
	for (int i = 0; i < SIDES; i++) {
		if (!side_say_problems(&diff.sides[i]) && status == EXIT_DONE)
			status = EXIT_FAILED;
		side_free(&diff.sides[i]);
	}
	users_free(&diff.users);
	rules_free(diff.rules);
	return status;
}

enum exit_status command_diff(int argc, char **argv)
{
	return commandline_run(FOR_DIFF, argc, argv, run);
}
