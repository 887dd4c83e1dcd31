/*
 * `anonmem machine`: where all memory of the machine is. The kernel's own figures say how much of
 * each kind there is; the processes, read as for a report, say whose the anonymous memory is.
 */
#include "cli/command.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/version.h"
#include "collect/survey.h"
#include "render/account.h"
#include "render/renderers.h"

#include <unistd.h>

enum { LARGEST = 8 }; /* rows with a name of their own, unless --limit says how many */

static int write_account(const struct options *o, const struct account_view *v, struct error *e)
{
	if (o->renderer == &render_json)
		return account_write_json(v, stdout, e);
	if (o->renderer == &render_csv)
		return account_write_csv(v, stdout, e);
	return account_write_table(v, stdout, e);
}

/* The kernel's figures are read behind the processes, as near to them as can be. */
static int show(const struct options *o, const struct source *source, const struct snapshot *s,
		struct error *e)
{
	struct kernel_memory kernel;
	struct machine_account account = {.memory = {.name = NULL}};
	const struct account_view view = {
		.account = &account,
		.kernel = &kernel,
		.snapshot = s,
		.units = o->units,
		.all = o->all,
		.color = wants_color(o, STDOUT_FILENO),
		.header = !o->no_header,
		.quiet = o->quiet,
	};
	int status = kernel_memory_read(source, &kernel, e);

	if (status == 0)
		status = account_build(&kernel, s, o->limit ? o->limit : LARGEST, &account, e);
	if (status == 0)
		status = write_account(o, &view, e);
	account_free(&account);
	kernel_memory_free(&kernel);
	return status;
}

static enum exit_status run(const struct options *o, struct error *e)
{
	const struct sandbox box = {.creates = false};
	struct rules *rules = rulefiles_load(o->rules, o->no_rules, e);
	struct source *source = rules ? source_open_proc(o->root, NULL, 0, e) : NULL;
	const struct collect_options options = {
		.by = account_grouping,
		.rules = rules,
		.infer = !o->no_infer,
		.verify = true, /* smaps_rollup divides anonymous memory from that of files */
		.jobs = o->jobs,
		.reading = {.shares = true},
	};
	enum exit_status status = EXIT_FAILED;
	struct snapshot snapshot = {0};

	if (source && source_kind(source) == SOURCE_PROC)
		privilege_raise();
	else if (source)
		privilege_end();
	if (source && sandbox_enter(&box, e) == 0 && survey(source, &options, &snapshot, e) == 0 &&
	    show(o, source, &snapshot, e) == 0)
		status = EXIT_DONE;
	for (size_t i = 0; i < snapshot.problems.count; i++)
		say(snapshot.problems.list[i].text);
	snapshot_free(&snapshot);
	source_close(source);
	rules_free(rules);
	return status;
}

enum exit_status command_machine(int argc, char **argv)
{
	struct error e = {.code = ERROR_NONE};
	enum exit_status status = EXIT_DONE;
	struct options o;

	if (options_parse(FOR_MACHINE, argc, argv, &o, &e) < 0)
		status = e.code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
	else if (o.action == ACTION_HELP)
		options_write_help(FOR_MACHINE, stdout);
	else if (o.action == ACTION_VERSION)
		version_write(stdout);
	else
		status = run(&o, &e);
	options_free(&o);
	if (e.code != ERROR_NONE)
		say(e.text);
	return status;
}
