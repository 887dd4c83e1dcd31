#include "cli/specs.h"

#include "base/clock.h"
#include "render/renderers.h"

#include <stdlib.h>
#include <strings.h>

static int take_pid(struct options *o, char *value, struct error *e)
{
	return value_pids(value, &o->pids, &o->pid_count, e);
}

static int take_root(struct options *o, char *value, struct error *e)
{
	(void)e;
	o->root = value;
	return 0;
}

static int take_smaps(struct options *o, char *value, struct error *e)
{
	return value_append(value, &o->files, &o->file_count, e);
}

static int take_from(struct options *o, char *value, struct error *e)
{
	return value_append(value, &o->from, &o->from_count, e);
}

static int take_output(struct options *o, char *value, struct error *e)
{
	(void)e;
	o->output = value;
	return 0;
}

static int take_name(struct options *o, char *value, struct error *e)
{
	if (o->selection.name)
		return error_set(e, ERROR_USAGE, "--name is given twice; join them with |");
	if (value_regex(value, &o->name, e) < 0)
		return -1;
	o->selection.name = &o->name;
	o->name_text = value;
	return 0;
}

static int take_user(struct options *o, char *value, struct error *e)
{
	o->selection.by_user = true;
	o->user_text = value;
	return value_user(value, &o->selection.uid, e);
}

static int take_cgroup(struct options *o, char *value, struct error *e)
{
	(void)e;
	o->selection.cgroup = value;
	return 0;
}

static int take_label(struct options *o, char *value, struct error *e)
{
	/* check reads all memory; labels belong to its rules. */
	if (o->command == FOR_CHECK)
		return value_append(value, &o->labels, &o->label_count, e);
	return value_append(value, &o->labels, &o->selection.label_count, e);
}

static int take_kind(struct options *o, char *value, struct error *e)
{
	return value_kinds(value, &o->selection.kinds, e);
}

static int take_by(struct options *o, char *value, struct error *e)
{
	if (o->command == FOR_CHECK) {
		o->by_text = value;
		return 0;
	}
	return value_grouping(value, &o->by, e);
}

static int take_columns(struct options *o, char *value, struct error *e)
{
	if (strcasecmp(value, "help") != 0)
		return value_columns(value, o->command == FOR_TOP, &o->columns, e);
	o->action = ACTION_COLUMNS;
	return 0;
}

static int take_sort(struct options *o, char *value, struct error *e)
{
	return value_sort(value, &o->sort, &o->falling, e);
}

static int take_limit(struct options *o, char *value, struct error *e)
{
	return value_limit(value, &o->limit, e);
}

static int take_rules(struct options *o, char *value, struct error *e)
{
	(void)e;
	o->rules = value;
	return 0;
}

static int take_infer(struct options *o, char *value, struct error *e)
{
	return value_infer(value, &o->infer, e);
}

static int take_no_infer(struct options *o, char *value, struct error *e)
{
	(void)value, (void)e;
	o->infer = INFER_NONE;
	return 0;
}

static int take_verdict_format(struct options *o, const char *value, struct error *e)
{
	for (const struct verdict_format *f = verdict_formats; f->name; f++) {
		if (strcasecmp(f->name, value) == 0) {
			o->verdict_format = f;
			return 0;
		}
	}
	return error_set(e, ERROR_USAGE,
			 "--format: invalid format \"%s\": expected text, json, junit or markdown",
			 value);
}

static int take_format(struct options *o, char *value, struct error *e)
{
	if (o->command == FOR_CHECK)
		return take_verdict_format(o, value, e);
	return value_format(value, o->command != FOR_MACHINE, &o->renderer, e);
}

static int take_json(struct options *o, char *value, struct error *e)
{
	(void)value;
	o->renderer = &render_json;
	return o->command == FOR_CHECK ? take_verdict_format(o, "json", e) : 0;
}

static int take_csv(struct options *o, char *value, struct error *e)
{
	(void)value, (void)e;
	o->renderer = &render_csv;
	return 0;
}

static int take_units(struct options *o, char *value, struct error *e)
{
	return value_units(value, &o->units, e);
}

static int take_color(struct options *o, char *value, struct error *e)
{
	return value_color(value, &o->color, e);
}

static int take_delay(struct options *o, char *value, struct error *e)
{
	o->delay_given = true;
	return value_delay(value, &o->delay_ns, e);
}

static int take_iterations(struct options *o, char *value, struct error *e)
{
	return value_iterations(value, &o->iterations, e);
}

static int take_jobs(struct options *o, char *value, struct error *e)
{
	return value_jobs(value, &o->jobs, e);
}

static int take_max_stall(struct options *o, char *value, struct error *e)
{
	o->max_stall_given = true;
	return value_duration(value, &o->max_stall_ns, e);
}

static int take_interval(struct options *o, char *value, struct error *e)
{
	const uint64_t least = 100 * MILLISECOND_NS, most = 86400 * SECOND_NS;

	if (value_time("delay", value, &o->delay_ns, e) < 0)
		return -1;
	if (o->delay_ns >= least && o->delay_ns <= most)
		return 0;
	return error_set(e, ERROR_USAGE, "--delay: invalid delay \"%s\": expected 100ms to 1d",
			 value);
}

static int take_listen(struct options *o, char *value, struct error *e)
{
	(void)e;
	o->listen = value;
	return 0;
}

static int take_series(struct options *o, char *value, struct error *e)
{
	return value_series(value, &o->series, e);
}

static int take_for(struct options *o, char *value, struct error *e)
{
	return value_time("for", value, &o->for_ns, e);
}

static int take_keep(struct options *o, char *value, struct error *e)
{
	return value_time("keep", value, &o->keep_ns, e);
}

static int take_max_size(struct options *o, char *value, struct error *e)
{
	return value_size("max-size", value, &o->max_size, e);
}

static int take_thin(struct options *o, char *value, struct error *e)
{
	if (tiers_parse(value, &o->tiers))
		return 0;
	return error_set(e, ERROR_USAGE,
			 "--thin: invalid list \"%s\": expected AGE:STEP[,AGE:STEP], such as "
			 "6h:1m,48h:10m, or none",
			 value);
}

static int take_max(struct options *o, char *value, struct error *e)
{
	return value_append(value, &o->max, &o->max_count, e);
}

static int take_growth(struct options *o, char *value, struct error *e)
{
	return value_append(value, &o->growth, &o->growth_count, e);
}

static int take_subsystem(struct options *o, char *value, struct error *e)
{
	(void)e;
	o->subsystem = value;
	return 0;
}

static int take_baseline(struct options *o, char *value, struct error *e)
{
	return value_append(value, &o->baselines, &o->baseline_count, e);
}

static int take_repeat(struct options *o, char *value, struct error *e)
{
	return value_repeat(value, &o->repeat, e);
}

static int take_budget(struct options *o, char *value, struct error *e)
{
	(void)e;
	o->budget = value;
	return 0;
}

static int take_help(struct options *o, char *value, struct error *e)
{
	(void)value, (void)e;
	o->action = ACTION_HELP;
	return 0;
}

static int take_version(struct options *o, char *value, struct error *e)
{
	(void)value, (void)e;
	o->action = ACTION_VERSION;
	return 0;
}

/* An option without a value names the member that it sets. */
#define SETS(member) NULL, offsetof(struct options, member)

const struct spec specs[] = {
	{EACH | FOR_CAPTURE, 0, NULL, NULL, "Selection", NULL, 0},
	{CHOOSING, 'p', "pid", "PID[,PID...]", "only these processes", take_pid, 0},
	{FOR_MACHINE, 'p', "pid", "PID", "only the control group of this process", take_pid, 0},
	{CHOOSING, 'C', "name", "REGEX", "only processes whose name or program matches", take_name,
	 0},
	{CHOOSING, 'u', "user", "USER", "only processes of this user (name or number)", take_user,
	 0},
	{CHOOSING, 0, "cgroup", "GLOB", "only processes whose control group matches", take_cgroup,
	 0},
	{FOR_MACHINE, 0, "cgroup", "PATH", "only this control group", take_cgroup, 0},
	{CHOOSING, 0, "children", NULL, "also the descendants of the chosen processes",
	 SETS(children)},
	{READS, 'l', "label", "GLOB", "only memory whose label matches; [ ] are optional",
	 take_label, 0},
	{READS, 'k', "kind", "KIND[,...]", "only anon, shmem, file or special memory", take_kind,
	 0},

	{FOR_CHECK, 0, "subsystem", "GLOB", "only memory whose subsystem matches", take_subsystem,
	 0},

	{FOR_CHECK, 0, NULL, NULL, "Rules", NULL, 0},
	{FOR_CHECK, 'g', "by", "KEY", "one limit for each label, subsystem, name or cgroup",
	 take_by, 0},
	{FOR_CHECK, 0, "max", "COLUMN=SIZE", "limit to this size, such as pss=200M", take_max, 0},
	{FOR_CHECK, 0, "growth", "[COLUMN=]N%", "limit growth over the baseline, also to a size",
	 take_growth, 0},
	{FOR_CHECK, 0, "baseline", "SOURCE", "compare with this capture, recording or report",
	 take_baseline, 0},
	{FOR_CHECK, 0, "repeat", "N", "run the command N times, to tell growth from noise",
	 take_repeat, 0},
	{FOR_CHECK, 0, "optional", NULL, "the rule may match nothing", SETS(optional)},
	{FOR_CHECK, 0, "budget", "FILE", "read more rules from this file, one per line",
	 take_budget, 0},

	{ANY | FOR_CHECK | FOR_SERVE, 0, NULL, NULL, "Source", NULL, 0},
	{FOR_DIFF, 0, "for", "DURATION", "compare now with the time after this, such as 60s",
	 take_for, 0},
	{FOR_REPORT | FOR_CHECK, 0, "from", "SOURCE",
	 "any capture or recording; - is standard input", take_from, 0},
	{FOR_TOP, 0, "from", "SOURCE", "a recording, from @TIME on, or a captured tree", take_from,
	 0},
	{FOR_MACHINE, 0, "from", "SOURCE", "a captured tree, or an archive of one", take_from, 0},
	{ALL | FOR_MACHINE | FOR_SERVE, 0, "root", "DIR",
	 "a captured tree, or another system's /proc", take_root, 0},
	{FOR_REPORT, 0, "smaps", "FILE...", "captured smaps files; - is standard input", take_smaps,
	 0},

	{FOR_RECORD, 0, NULL, NULL, "Recording", NULL, 0},
	{FOR_RECORD, 0, "output", "FILE", "record to this file", take_output, 0},
	{FOR_RECORD, 'd', "delay", "TIME", "time between samples, at least 100ms; default: 10s",
	 take_interval, 0},
	{FOR_RECORD, 0, "for", "TIME", "end after this time; default: when stopped", take_for, 0},
	{FOR_RECORD, 0, "max-size", "SIZE", "drop the oldest samples beyond this size, such as 1G",
	 take_max_size, 0},
	{FOR_RECORD, 0, "keep", "TIME", "drop older samples; default: 90d", take_keep, 0},
	{FOR_RECORD, 0, "thin", "AGE:STEP,...",
	 "keep one per STEP after AGE; default: 6h:1m,48h:10m", take_thin, 0},
	{FOR_RECORD, 0, "on-pressure", NULL, "also take a sample when memory is short",
	 SETS(on_pressure)},
	{FOR_RECORD, 0, "redact", NULL, "hash names of processes, groups, labels and so on",
	 SETS(redact)},
	{FOR_RECORD, 'g', "by", "KEY[,KEY...]", "group by these keys; default: name,cgroup,label",
	 take_by, 0},

	{FOR_SERVE, 0, NULL, NULL, "Service", NULL, 0},
	{FOR_SERVE, 0, "listen", "ADDRESS", "ADDRESS:PORT or unix:/PATH; default: 127.0.0.1:9974",
	 take_listen, 0},
	{FOR_SERVE, 'd', "delay", "TIME", "time between readings, at least 100ms; default: 15s",
	 take_interval, 0},
	{FOR_SERVE, 'g', "by", "KEY[,KEY...]", "group by these keys; default: subsystem,label",
	 take_by, 0},
	{FOR_SERVE, 0, "series", "N", "at most N series, 100 to 1000; default: 500", take_series,
	 0},

	{MOST, 0, NULL, NULL, "Report", NULL, 0},
	{FOR_REPORT | FOR_DIFF, 'g', "by", "KEY[,KEY...]", "group by these keys; default: label",
	 take_by, 0},
	{FOR_TOP, 'g', "by", "KEY[,KEY...]", "initially group by these keys; default: subsystem",
	 take_by, 0},
	{ALL, 'o', "columns", "[+]LIST", "columns, or all; +LIST adds; help lists them",
	 take_columns, 0},
	{FOR_DIFF, 'o', "columns", "COLUMN", "compare this column; default: pss; help lists them",
	 take_columns, 0},
	{ALL, 's', "sort", "[+|-]COLUMN", "sort by a column; default: -pss, the largest first",
	 take_sort, 0},
	{SHOWING, 'N', "limit", "N", "only the first N rows; totals include all", take_limit, 0},
	{FOR_MACHINE, 'N', "limit", "N", "name the N largest under each row; default: 8",
	 take_limit, 0},
	{ALL, 'a', "all", NULL, "show rows of zeros too", SETS(all)},
	{FOR_DIFF, 'a', "all", NULL, "show rows without a change too", SETS(all)},
	{FOR_MACHINE, 'a', "all", NULL, "show rows that are 0 or unknown too", SETS(all)},
	{MOST, 0, "rules", "FILE", "additional rules; see anonmem-rules(5)", take_rules, 0},
	{MOST, 0, "no-rules", NULL, "use only the built-in rules", SETS(no_rules)},
	{MOST, 0, "infer", "HOW", "guess (~) by content (default), place or none", take_infer, 0},
	{MOST, 0, "no-infer", NULL, "--infer none", take_no_infer, 0},

	{ANY | FOR_CAPTURE | FOR_CHECK, 0, NULL, NULL, "Output", NULL, 0},
	{FOR_CAPTURE, 0, "output", "FILE", ".tar, .tar.gz, .tar.zst, .tar.xz; - for stdout",
	 take_output, 0},
	{OUTPUT_OF_REPORTS, 0, "output", "FILE", "write to this file, completely or not at all",
	 take_output, 0},
	{FOR_CAPTURE, 0, "redact", NULL, "hash names of files, users, hosts, groups and so on",
	 SETS(redact)},
	{FOR_CAPTURE, 'q', "quiet", NULL, "do not say what was captured", SETS(quiet)},
	{FOR_REPORT, 'f', "format", "FORMAT",
	 "table, json, csv, markdown, folded, html, prometheus", take_format, 0},
	{FOR_DIFF, 'f', "format", "FORMAT", "table (default), json, csv, markdown, folded or html",
	 take_format, 0},
	{FOR_TOP, 'f', "format", "FORMAT", "table (default), json, csv, markdown or folded",
	 take_format, 0},
	{FOR_CHECK, 'f', "format", "FORMAT", "text (default), json, junit or markdown", take_format,
	 0},
	{FOR_MACHINE, 'f', "format", "FORMAT", "table (default), json or csv", take_format, 0},
	{ANY | FOR_CHECK, 0, "json", NULL, "--format json", take_json, 0},
	{ANY, 0, "csv", NULL, "--format csv", take_csv, 0},
	{ANY | FOR_CHECK, 0, "units", "UNIT", "auto (default), b, k, m or g, powers of 1024",
	 take_units, 0},
	{SHOWING, 'w', "wide", NULL, "show all columns and full names, however wide", SETS(wide)},
	{ANY, 0, "no-header", NULL, "hide the line of column names", SETS(no_header)},
	{ANY, 'q', "quiet", NULL, "hide summary and notes", SETS(quiet)},
	{FOR_CHECK, 'q', "quiet", NULL, "hide rules that are not broken", SETS(quiet)},
	{ANY | FOR_CHECK, 0, "color", "WHEN", "auto (default), always or never", take_color, 0},

	{FOR_TOP, 0, NULL, NULL, "Timing", NULL, 0},
	{FOR_TOP, 'd', "delay", "SECONDS", "time between refreshes, at least 0.01; default: 2",
	 take_delay, 0},
	{FOR_TOP, 'n', "iterations", "N", "exit after N refreshes", take_iterations, 0},
	{FOR_TOP, 'b', "batch", NULL, "write each refresh to standard output; no screen",
	 SETS(batch)},

	{MOST, 0, NULL, NULL, "Performance", NULL, 0},
	{MOST, 'j', "jobs", "N", "number of reader threads; default: one per processor", take_jobs,
	 0},
	{ALL, 0, "fast", NULL, "RSS and swap without smaps; PSS and USS if provable", SETS(fast)},
	{ALL | FOR_RECORD | FOR_SERVE, 0, "max-stall", "DURATION",
	 "never block a process longer than this, such as 2ms", take_max_stall, 0},
	{FOR_REPORT, 0, "stats", NULL, "print the cost of reading", SETS(stats)},

	{FOR_REPORT, 0, NULL, NULL, "Checks", NULL, 0},
	{FOR_REPORT, 0, "strict", NULL, "exit 3 if any process could not be read", SETS(strict)},
	{FOR_REPORT, 0, "verify", NULL, "compare the sums with smaps_rollup and meminfo",
	 SETS(verify)},

	{MOST | FOR_CAPTURE, 0, NULL, NULL, "Help", NULL, 0},
	{MOST | FOR_CAPTURE, 'h', "help", NULL, "show this text", take_help, 0},
	{MOST | FOR_CAPTURE, 'V', "version", NULL, "show the version", take_version, 0},
};

const size_t spec_count = sizeof(specs) / sizeof(*specs);
_Static_assert(sizeof(specs) / sizeof(*specs) <= SPECS_MAX, "room for all options");
