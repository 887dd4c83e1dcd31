/* `anonmem machine`: accounts for all memory of the machine. The kernel's figures show how much of
 * each kind there is; the processes, read as for a report, show who has the anonymous memory. */
#include "cli/arguments.h"
#include "cli/commandline.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/recall.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/show.h"
#include "collect/survey.h"
#include "render/account.h"
#include "render/renderers.h"
#include "report/account_cgroup.h"

#include <limits.h>
#include <unistd.h>

enum { LARGEST = 8 }; /* number of named rows, unless set by --limit */

static int write_account(const struct options *o, const struct account_view *v, struct error *e)
{
	if (o->renderer == &render_json)
		return account_write_json(v, stdout, e);
	if (o->renderer == &render_csv)
		return account_write_csv(v, stdout, e);
	return account_write_table(v, stdout, e);
}

static int show(const struct options *o, struct account_view *view, struct error *e)
{
	view->units = o->units;
	view->all = o->all;
	view->color = wants_color(o, STDOUT_FILENO);
	view->header = !o->no_header;
	view->quiet = o->quiet;
	return write_account(o, view, e);
}

static size_t largest(const struct options *o)
{
	return o->limit ? o->limit : LARGEST;
}

/* Reads the kernel's figures right after the processes. */
static int show_machine(const struct options *o, const struct source *source,
			const struct snapshot *s, struct error *e)
{
	struct machine_account account = {.memory = {.name = NULL}};
	struct kernel_memory kernel;
	struct account_view view = {.account = &account, .kernel = &kernel, .snapshot = s};
	int status = kernel_memory_read(source, &kernel, e);

	if (status == 0)
		status = account_build(&kernel, s, largest(o), &account, e);
	if (status == 0)
		status = show(o, &view, e);
	account_free(&account);
	kernel_memory_free(&kernel);
	return status;
}

static int show_cgroup(const struct options *o, const struct cgroup_memory *cgroup,
		       const struct snapshot *s, struct error *e)
{
	struct machine_account account = {.memory = {.name = NULL}};
	struct account_view view = {.account = &account, .cgroup = cgroup, .snapshot = s};
	int status = account_cgroup_build(cgroup, s, largest(o), &account, e);

	if (status == 0)
		status = show(o, &view, e);
	account_free(&account);
	return status;
}

/* Whether the anonymous memory of the group is about the same: if a process ended between the
 * readings, its memory would seem to be charged to another group. */
static bool is_steady(const struct cgroup_memory *before, const struct cgroup_memory *after)
{
	uint64_t a = before->fields[CGROUP_ANON].bytes, b = after->fields[CGROUP_ANON].bytes;

	return (a > b ? a - b : b - a) <= (a > b ? a : b) / 16;
}

/* Reads the group before and after its processes; three times if it keeps changing. */
static int read_cgroup(const struct source *source, const char *path,
		       const struct collect_options *options, struct cgroup_memory *after,
		       struct snapshot *snapshot, struct error *e)
{
	enum { TRIES = 3 };
	struct cgroup_memory before;

	for (int i = 1; i <= TRIES; i++) {
		if (cgroup_memory_read(source, path, &before, e) < 0 ||
		    survey(source, options, snapshot, e) < 0 ||
		    cgroup_memory_read(source, path, after, e) < 0)
			return -1;
		if (is_steady(&before, after))
			break;
		if (i < TRIES)
			snapshot_free(snapshot);
	}
	return 0;
}

/* Finds the requested control group; NULL for the whole machine. */
static int find_cgroup(const struct options *o, const struct source *source, char path[PATH_MAX],
		       const char **cgroup, struct error *e)
{
	*cgroup = o->selection.cgroup;
	if (o->pid_count == 0)
		return 0;
	*cgroup = path;
	return cgroup_memory_find(source, o->pids[0], path, e);
}

static int read_and_show(const struct options *o, const struct source *source,
			 const struct rules *rules, struct snapshot *snapshot, struct error *e)
{
	char path[PATH_MAX];
	const char *cgroup;
	struct cgroup_memory memory;
	struct collect_options options = {
		.by = account_grouping,
		.rules = rules,
		.infer = o->infer,
		.finds_sharers = true,
		.verify = true, /* smaps_rollup separates anonymous memory from files */
		.jobs = o->jobs,
		.reading = {.shares = true},
	};

	if (find_cgroup(o, source, path, &cgroup, e) < 0)
		return -1;
	if (!cgroup)
		return survey(source, &options, snapshot, e) < 0
			       ? -1
			       : show_machine(o, source, snapshot, e);
	options.by = account_cgroup_grouping;
	return read_cgroup(source, cgroup, &options, &memory, snapshot, e) < 0
		       ? -1
		       : show_cgroup(o, &memory, snapshot, e);
}

static struct source *open_source(const struct options *o, struct error *e)
{
	return o->from_count ? source_open_from(o->from, o->from_count, e)
			     : source_open_proc(o->root, NULL, 0, e);
}

/* Finds out what kind of source --from names. */
static int load(struct options *o, struct source *source, struct error *e)
{
	if (!o->from_count)
		return 0;
	return source_load(source, e) < 0 ? -1 : arguments_settle(o, source_kind(source), e);
}

static enum exit_status read_source(struct options *o, struct error *e)
{
	const struct sandbox box = {.creates = false};
	struct rules *rules = rulefiles_load(o->rules, o->no_rules, e);
	struct source *source = rules ? open_source(o, e) : NULL;
	enum exit_status status = EXIT_FAILED;
	struct snapshot snapshot = {0};

	if (source && source_kind(source) == SOURCE_PROC)
		privilege_raise();
	else if (source)
		privilege_end();
	if (source && sandbox_enter(&box, e) == 0) {
		if (load(o, source, e) < 0)
			status = e->code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
		else if (read_and_show(o, source, rules, &snapshot, e) == 0)
			status = EXIT_DONE;
	}
	for (size_t i = 0; i < snapshot.problems.count; i++)
		say(snapshot.problems.list[i].text);
	snapshot_free(&snapshot);
	source_close(source);
	rules_free(rules);
	return status;
}

static enum exit_status run(struct options *o, struct error *e)
{
	if (recall_refuse(o, "only a capture has the kernel's account", e) < 0)
		return EXIT_USAGE;
	return read_source(o, e);
}

enum exit_status command_machine(int argc, char **argv)
{
	return commandline_run(FOR_MACHINE, argc, argv, run);
}
