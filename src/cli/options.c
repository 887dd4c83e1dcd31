#include "cli/options.h"

#include "recording/identity.h"
#include "render/metric_value.h"
#include "render/metrics.h"
#include "render/renderers.h"
#include "report/changes.h"

#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <strings.h>

/* Handles an option's value, which it may modify. 0, or -1 with *e. */
typedef int take_fn(struct options *o, char *value, struct error *e);

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
	/* A rule chooses among what is read. */
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
	const uint64_t least = 100000000, most = 86400 * UINT64_C(1000000000);

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

enum {
	ALL = FOR_REPORT | FOR_TOP,
	SHOWING = ALL | FOR_DIFF,
	ANY = SHOWING | FOR_MACHINE,
	READS = SHOWING | FOR_RECORD | FOR_CHECK, /* processes that are chosen, with their memory */
	CHOOSING = READS | FOR_CAPTURE,		  /* processes */
	EACH = ANY | FOR_RECORD | FOR_CHECK,
	MOST = EACH | FOR_SERVE,
};

/* An option without a value names the member that it sets. */
#define SETS(member) NULL, offsetof(struct options, member)

static const struct spec {
	unsigned commands; /* that have the option; for a heading, those that have any option below
			      it */
	char letter;	   /* 0 if it has none */
	const char *name, *argument, *help;
	take_fn *take;
	size_t sets; /* without `take`: the bool that becomes true */
} specs[] = {
	{EACH | FOR_CAPTURE, 0, NULL, NULL, "Selection", NULL, 0},
	{CHOOSING, 'p', "pid", "PID[,PID...]", "only these processes", take_pid, 0},
	{FOR_MACHINE, 'p', "pid", "PID", "only what is charged to the control group of a process",
	 take_pid, 0},
	{CHOOSING, 'C', "name", "REGEX", "only processes whose name or program matches", take_name,
	 0},
	{CHOOSING, 'u', "user", "USER", "only processes of this user (name or number)", take_user,
	 0},
	{CHOOSING, 0, "cgroup", "GLOB", "only processes whose control group matches", take_cgroup,
	 0},
	{FOR_MACHINE, 0, "cgroup", "PATH", "only what is charged to this control group",
	 take_cgroup, 0},
	{CHOOSING, 0, "children", NULL, "also the descendants of the chosen processes",
	 SETS(children)},
	{READS, 'l', "label", "GLOB", "only memory whose label matches, with or without [ ]",
	 take_label, 0},
	{READS, 'k', "kind", "KIND[,KIND...]", "only anon, shmem, file or special memory",
	 take_kind, 0},

	{FOR_CHECK, 0, "subsystem", "GLOB", "only memory whose subsystem matches", take_subsystem,
	 0},

	{FOR_CHECK, 0, NULL, NULL, "Rules", NULL, 0},
	{FOR_CHECK, 'g', "by", "KEY", "one limit for each label, subsystem, name or cgroup",
	 take_by, 0},
	{FOR_CHECK, 0, "max", "COLUMN=SIZE", "no more than this, such as pss=200M", take_max, 0},
	{FOR_CHECK, 0, "growth", "[COLUMN=]N%", "no more than this above the baseline; or a size",
	 take_growth, 0},
	{FOR_CHECK, 0, "baseline", "SOURCE",
	 "what to compare with: a capture, recording, report or check", take_baseline, 0},
	{FOR_CHECK, 0, "repeat", "N", "run the command so often; growth must be more than noise",
	 take_repeat, 0},
	{FOR_CHECK, 0, "optional", NULL, "the rule may match nothing", SETS(optional)},
	{FOR_CHECK, 0, "budget", "FILE", "more rules, one in each line", take_budget, 0},

	{ANY | FOR_CHECK | FOR_SERVE, 0, NULL, NULL, "Source", NULL, 0},
	{FOR_DIFF, 0, "for", "DURATION",
	 "compare the running system with itself after this time, such as 60s", take_for, 0},
	{FOR_REPORT | FOR_CHECK, 0, "from", "SOURCE",
	 "a capture of any kind, compressed or not, - for standard input, or a recording",
	 take_from, 0},
	{FOR_TOP, 0, "from", "SOURCE",
	 "a recording, with @TIME to begin there; or a captured tree or an archive of one",
	 take_from, 0},
	{FOR_MACHINE, 0, "from", "SOURCE", "a captured tree or an archive of one", take_from, 0},
	{ALL | FOR_MACHINE | FOR_SERVE, 0, "root", "DIR",
	 "a captured tree, or another system's /proc", take_root, 0},
	{FOR_REPORT, 0, "smaps", "FILE...", "captured smaps files; - is standard input", take_smaps,
	 0},

	{FOR_RECORD, 0, NULL, NULL, "Recording", NULL, 0},
	{FOR_RECORD, 0, "output", "FILE",
	 "default: recording.db in $XDG_STATE_HOME/anonmem or /var/lib/anonmem", take_output, 0},
	{FOR_RECORD, 'd', "delay", "TIME", "between two samples, at least 100ms; default: 10s",
	 take_interval, 0},
	{FOR_RECORD, 0, "for", "TIME", "end after this time; default: when stopped", take_for, 0},
	{FOR_RECORD, 0, "max-size", "SIZE", "drop the oldest samples beyond this size, such as 1G",
	 take_max_size, 0},
	{FOR_RECORD, 0, "keep", "TIME", "drop older samples; default: 90d", take_keep, 0},
	{FOR_RECORD, 0, "thin", "AGE:STEP[,...]",
	 "keep one sample a STEP of those older than AGE; default: 6h:1m,48h:10m", take_thin, 0},
	{FOR_RECORD, 0, "on-pressure", NULL, "take a sample also when memory is short",
	 SETS(on_pressure)},
	{FOR_RECORD, 0, "redact", NULL,
	 "hash names of processes, users, groups, labels and the like", SETS(redact)},
	{FOR_RECORD, 'g', "by", "KEY[,KEY...]",
	 "group by these keys (below); default: name,cgroup,label", take_by, 0},

	{FOR_SERVE, 0, NULL, NULL, "Service", NULL, 0},
	{FOR_SERVE, 0, "listen", "ADDRESS", "ADDRESS:PORT or unix:/PATH; default: 127.0.0.1:9974",
	 take_listen, 0},
	{FOR_SERVE, 'd', "delay", "TIME", "between two readings, at least 100ms; default: 15s",
	 take_interval, 0},
	{FOR_SERVE, 'g', "by", "KEY[,KEY...]", "labels of the series; default: subsystem,label",
	 take_by, 0},
	{FOR_SERVE, 0, "series", "N", "at most N series, 100 to 1000; default: 500", take_series,
	 0},

	{MOST, 0, NULL, NULL, "Report", NULL, 0},
	{FOR_REPORT | FOR_DIFF, 'g', "by", "KEY[,KEY...]",
	 "group by these keys (below); default: label", take_by, 0},
	{FOR_TOP, 'g', "by", "KEY[,KEY...]", "initially group by these keys; default: subsystem",
	 take_by, 0},
	{ALL, 'o', "columns", "[+]LIST", "columns to show, or all; + adds some; -o help lists them",
	 take_columns, 0},
	{FOR_DIFF, 'o', "columns", "COLUMN",
	 "the column to compare; default: pss; -o help lists all", take_columns, 0},
	{ALL, 's', "sort", "[+|-]COLUMN",
	 "sort by a column, + ascending, - descending; default: -pss", take_sort, 0},
	{SHOWING, 'N', "limit", "N", "only the first N rows; totals include all", take_limit, 0},
	{FOR_MACHINE, 'N', "limit", "N", "name the N largest under each row; default: 8",
	 take_limit, 0},
	{ALL, 'a', "all", NULL, "show rows of zeros too", SETS(all)},
	{FOR_DIFF, 'a', "all", NULL, "show rows without a change too", SETS(all)},
	{FOR_MACHINE, 'a', "all", NULL, "show rows that are 0 or unknown too", SETS(all)},
	{MOST, 0, "rules", "FILE", "additional rules for subsystems, see anonmem-rules(5)",
	 take_rules, 0},
	{MOST, 0, "no-rules", NULL, "use only the built-in rules", SETS(no_rules)},
	{MOST, 0, "infer", "HOW", "guess (~) unnamed memory by content (default), place or none",
	 take_infer, 0},
	{MOST, 0, "no-infer", NULL, "--infer none", take_no_infer, 0},

	{ANY | FOR_CAPTURE | FOR_CHECK, 0, NULL, NULL, "Output", NULL, 0},
	{FOR_CAPTURE, 0, "output", "FILE",
	 "a .tar, .tar.gz, .tar.zst or .tar.xz; - is standard output (zstd)", take_output, 0},
	{OUTPUT_OF_REPORTS, 0, "output", "FILE",
	 "write to this file, whole or not at all, not to standard output", take_output, 0},
	{FOR_CAPTURE, 0, "redact", NULL, "hash names of files, users, hosts, groups and the like",
	 SETS(redact)},
	{FOR_CAPTURE, 'q', "quiet", NULL, "do not say what was captured", SETS(quiet)},
	{FOR_REPORT, 'f', "format", "FORMAT",
	 "table (default), json, csv, markdown, folded, html or prometheus", take_format, 0},
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

enum { SPECS = sizeof(specs) / sizeof(*specs) };

/* The text of --help before and after the options. */
static const struct help {
	unsigned command;
	const char *before, *after;
} helps[] = {
	{FOR_REPORT,
	 "Usage: anonmem [OPTIONS] [PID...]\n"
	 "       anonmem COMMAND [OPTIONS] [ARG...]\n"
	 "Shows what the memory of all processes, or of these, is used for.\n"
	 "\n"
	 "Commands (anonmem COMMAND --help shows their options):\n"
	 "  top          watch the report live\n"
	 "  machine      where all memory of the machine, or of a control group, is\n"
	 "  record       record memory over time\n"
	 "  serve        metrics of memory by label for Prometheus\n"
	 "  capture      save everything that reports need in one file, for --from\n"
	 "  diff         what grew between two moments\n"
	 "  check        whether memory is within a budget, for CI\n"
	 "  doctor       which programs name their memory, and how to name more\n"
	 "  run          run a program so that its memory has names, on any kernel\n",
	 "  anonmem 1234 --json           one process, for programs\n"
	 "  anonmem --by subsystem        who owns the memory of this machine\n"
	 "  anonmem 1234 --by mapping     every mapping of a process\n"},
	{FOR_TOP,
	 "Usage: anonmem top [OPTIONS] [PID...]\n"
	 "Shows who uses memory and who grows; press h for help on keys.\n",
	 "  anonmem top                      subsystems; Enter goes down\n"
	 "  anonmem top --by process -s growth\n"
	 "                                   the process that grows most comes first\n"
	 "  anonmem top -b -n 10 --json      ten reports, one per line\n"},
	{FOR_MACHINE,
	 "Usage: anonmem machine [OPTIONS]\n"
	 "Shows where all memory of the machine is, and all swap, in rows that add up.\n",
	 "  anonmem machine                  as root, to read all processes and slab caches\n"
	 "  anonmem machine --json           anonmem-machine/1, see anonmem-json(5)\n"},
	{FOR_RECORD,
	 "Usage: anonmem record [OPTIONS] [PID...]\n"
	 "Records memory over time, a sample every 10 seconds, until stopped.\n"
	 "SIGUSR1 takes a sample at once, SIGTERM and SIGINT end the recording.\n",
	 "  anonmem record                   this machine, in the background or a unit\n"
	 "  anonmem record --by process,label --for 1h --output leak.db\n"
	 "  anonmem --from leak.db@-10m --by process\n"},
	{FOR_CAPTURE,
	 "Usage: anonmem capture [OPTIONS] [PID...]\n"
	 "Saves everything that reports of all processes, or of these, and of the machine need in\n"
	 "one file, which anonmem --from reads anywhere.\n",
	 "  anonmem capture                  as root, to read all processes\n"
	 "  anonmem capture --redact --output x.tar.zst\n"
	 "                                   names are hashed, figures kept\n"},
	{FOR_CHECK,
	 "Usage: anonmem check [OPTIONS] [PID...]\n"
	 "       anonmem check [OPTIONS] -- COMMAND [ARG...]\n"
	 "Checks that memory is within limits: of processes, of a capture, recording or report\n"
	 "(--from), or at the peaks of a command.\n",
	 "  anonmem check --name shop --max pss=200M\n"
	 "  anonmem check -l 'jemalloc*' --growth 5% --baseline old.json --from new.json\n"
	 "  anonmem check --budget memory.budget --format junit -- ./server --self-test\n"
	 "  anonmem check --max 1G --repeat 10 --json -- old/server > old.json\n"
	 "  anonmem check --growth 2% --baseline old.json --repeat 10 -- new/server\n"},
	{FOR_SERVE,
	 "Usage: anonmem serve [OPTIONS]\n"
	 "Answers Prometheus at /metrics with the memory of this machine by what it is used for.\n"
	 "It reads on its own schedule, whoever asks.\n",
	 "  anonmem serve                    on this machine only, port 9974\n"
	 "  anonmem serve --listen unix:/run/anonmem.sock\n"
	 "                                   for a proxy that knows TLS and passwords\n"
	 "  anonmem serve --by container,subsystem\n"
	 "                                   which container uses memory for what\n"},
	{FOR_DIFF,
	 "Usage: anonmem diff [OPTIONS] BEFORE [AFTER]\n"
	 "       anonmem diff [OPTIONS] --for DURATION [PID...]\n"
	 "Shows which memory grew and which shrank. BEFORE and AFTER are captures of any kind,\n"
	 "recordings (FILE@TIME) or JSON reports; without AFTER, BEFORE is compared with now.\n",
	 "  anonmem diff old.json new.json   two reports that --json wrote\n"
	 "  anonmem diff --for 60s 1234      what a process gains in a minute\n"
	 "  anonmem diff day.db@09:00 day.db@10:00\n"
	 "                                   two moments of a recording\n"
	 "  anonmem diff a.tar.zst b.tar.zst --by name,label --format markdown\n"
	 "                                   two captures, for a pull request\n"},
};

static void write_option(const struct spec *s, FILE *out)
{
	enum { HELP_COLUMN = 34 };
	int used = s->letter ? fprintf(out, "  -%c, --%s", s->letter, s->name)
			     : fprintf(out, "      --%s", s->name);

	if (s->argument)
		used += fprintf(out, " %s", s->argument);
	if (used >= HELP_COLUMN)
		used = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", HELP_COLUMN - used, "", s->help);
}

void options_write_help(enum option_command command, FILE *out)
{
	const struct help *help = helps;

	while (help->command != command)
		help++;
	fputs(help->before, out);
	for (size_t i = 0; i < SPECS; i++) {
		if (!(specs[i].commands & command))
			continue;
		if (specs[i].name)
			write_option(&specs[i], out);
		else
			fprintf(out, "\n%s:\n", specs[i].help);
	}
	putc('\n', out);
	if (command == FOR_RECORD)
		fputs("Keys: label, subsystem, kind, process, name, user, cgroup, container, "
		      "pod, unit.\n",
		      out);
	else if (command == FOR_SERVE)
		fputs("Keys: label, subsystem, kind, name, user, cgroup, container, pod, unit.\n",
		      out);
	else if (command & SHOWING)
		fputs("Keys: label, subsystem, kind, process, name, user, cgroup, container, "
		      "pod, unit, command, file, mapping, segment.\n",
		      out);
	fputs(command == FOR_REPORT
		      ? "Exit status: 0 done, 1 failed, 2 invalid usage, 3 incomplete with "
			"--strict, 4 over budget (check).\n"
	      : command == FOR_CHECK
		      ? "Exit status: 0 within, 1 failed or unknown, 2 invalid usage, 4 over.\n"
		      : "Exit status: 0 done, 1 failed, 2 invalid usage.\n",
	      out);
	fprintf(out, "\nExamples:\n%s", help->after);
}

void options_write_columns(enum option_command command, FILE *out)
{
	for (size_t i = 0; i < column_count; i++) {
		const struct column *c = &columns[i];

		if (column_is_offered(c, command == FOR_TOP))
			fprintf(out, "%-18s%-10s%s\n", c->name, c->header, c->help);
	}
}

/* Input for getopt_long(), made from the table. Options without a letter are identified by their
 * index. */
enum { NO_LETTER = 256 };
struct getopt_tables {
	struct option longs[SPECS + 1];
	char shorts[2 * SPECS + 2];
};

static int id_of(size_t spec)
{
	return specs[spec].letter ? specs[spec].letter : (int)spec + NO_LETTER;
}

static void make_tables(enum option_command command, struct getopt_tables *t)
{
	size_t n = 0;
	char *letter = t->shorts;

	/* What follows the options of check is a command with its own. */
	if (command == FOR_CHECK)
		*letter++ = '+';

	for (size_t i = 0; i < SPECS; i++) {
		const struct spec *s = &specs[i];

		if (!s->name || !(s->commands & command))
			continue;
		t->longs[n++] = (struct option){
			s->name, s->argument ? required_argument : no_argument, NULL, id_of(i)};
		if (!s->letter)
			continue;
		*letter++ = s->letter;
		if (s->argument)
			*letter++ = ':';
	}
	t->longs[n] = (struct option){NULL, 0, NULL, 0};
	*letter = '\0';
}

static int take_option(struct options *o, int id, char *value, struct error *e)
{
	size_t i = 0;

	while (!(specs[i].name && specs[i].commands & o->command && id_of(i) == id))
		i++;
	if (specs[i].take)
		return specs[i].take(o, value, e);
	*(bool *)((char *)o + specs[i].sets) = true;
	return 0;
}

static bool can_be_labels(const struct grouping *by)
{
	for (unsigned i = 0; i < by->count; i++) {
		if (!metric_can_have(by->keys[i]))
			return false;
	}
	return true;
}

static bool can_be_recorded(const struct grouping *by)
{
	for (unsigned i = 0; i < by->count; i++) {
		if (!identity_can_have(by->keys[i]))
			return false;
	}
	return true;
}

static int check_recorded(const struct options *o, struct error *e)
{
	if (o->redact && o->rules)
		return error_set(e, ERROR_USAGE,
				 "--redact uses the built-in rules only; leave out --rules");
	if (!can_be_recorded(&o->by))
		return error_set(e, ERROR_USAGE,
				 "anonmem record groups by label, subsystem, kind, process, name, "
				 "user, cgroup, container, pod and unit");
	return 0;
}

static bool reads_standard_input(const struct options *o)
{
	for (size_t i = 0; i < o->baseline_count; i++) {
		if (strcmp(o->baselines[i], "-") == 0)
			return true;
	}
	return false;
}

/* Combinations of options that are refused, with their messages. */
static int check_together(const struct options *o, struct error *e)
{

	const struct selection *s = &o->selection;
	bool files = o->file_count > 0;
	const struct {
		bool wrong;
		const char *text;
	} rules[] = {
		{o->command == FOR_MACHINE && o->pid_count + (s->cgroup != NULL) > 1,
		 "anonmem machine shows one control group; give one process or one --cgroup"},
		{files && o->root, "--smaps and --root cannot be used together"},
		{files && o->pid_count,
		 "--pid cannot be used with a smaps file, which does not say "
		 "whose it is"},
		{files && selection_chooses_processes(s),
		 "--name, --user and --cgroup need --root or a running system: a smaps file does "
		 "not say whose it is"},
		{files && o->children, "--children needs --root or a running system: a smaps file "
				       "does not say whose it is"},
		{o->children && !o->pid_count && !selection_chooses_processes(s),
		 "--children needs --pid, --name, --user or --cgroup"},
		{files && o->verify, "--verify needs smaps_rollup, which a smaps file has not; use "
				     "--root or a running system"},
		{files && (o->fast || o->max_stall_ns),
		 "--fast and --max-stall are about reading processes, not smaps files"},
		{o->verify && o->max_stall_ns,
		 "--verify reads smaps_rollup, which --max-stall does not allow"},
		{o->rules && o->no_rules, "--rules and --no-rules cannot be used together"},
		{o->command == FOR_CHECK && o->repeat && !o->program,
		 "--repeat needs a command; give --from for each run"},
		{o->command == FOR_CHECK && o->program && reads_standard_input(o),
		 "the command may read standard input; give --baseline as a file"},
		{o->command == FOR_CHECK && o->program &&
			 (o->from_count || o->pid_count || o->children ||
			  selection_chooses_processes(s)),
		 "a command is judged alone: it cannot be used with --from, --pid, --name, --user, "
		 "--cgroup or --children"},
		{o->command == FOR_DIFF && o->for_ns && o->from_count,
		 "--for compares the running system with itself; it takes no BEFORE and AFTER"},
		{o->command == FOR_DIFF && !o->for_ns && o->from_count == 0,
		 "missing BEFORE: give one or two captures or reports, or --for DURATION"},
		{o->command == FOR_DIFF && o->from_count > 2,
		 "anonmem diff compares two things; more are given"},
		{o->command == FOR_DIFF && o->columns.count && !changes_suits(o->columns.list[0]),
		 "anonmem diff compares sizes that add up, such as pss, rss, uss or swap_pss"},
		{grouping_has(&o->by, KEY_MAPPING) && o->command != FOR_DIFF && !files &&
			 !o->pid_count && !selection_chooses_processes(s) &&
			 !selection_chooses_memory(s),
		 o->command != FOR_REPORT
			 ? "--by mapping needs --pid, --name or another selection"
			 : "--by mapping needs --pid, --name or another selection, or --smaps"},
		{o->command == FOR_TOP && o->renderer->over_time,
		 "anonmem top writes no html; use anonmem record, and --from with what it wrote"},
		{o->command == FOR_SERVE && o->pid_count,
		 "anonmem serve reads all processes; it takes no process ids"},
		{(o->command == FOR_SERVE || o->renderer == &render_prometheus) &&
			 !can_be_labels(&o->by),
		 "series are told apart by label, subsystem, kind, name, user, cgroup, container, "
		 "pod and unit"},
		{o->renderer == &render_prometheus && o->command != FOR_REPORT,
		 "--format prometheus writes one report; anonmem serve answers Prometheus"},
		{o->command == FOR_TOP && !o->batch && !o->renderer->has_screen,
		 "--json and --csv of anonmem top need --batch"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		if (rules[i].wrong)
			return error_set(e, ERROR_USAGE, "%s", rules[i].text);
	}
	return 0;
}

/* Only processes have a command line; in top, there are processes on lower levels. */
static int check_suits(const struct options *o, struct error *e)
{
	const struct column *wrong = o->sort && !column_suits(o->sort, &o->by) ? o->sort : NULL;

	if (o->command == FOR_TOP)
		return 0;
	for (size_t i = 0; i < o->columns.count; i++) {
		if (!column_suits(o->columns.list[i], &o->by))
			wrong = o->columns.list[i];
	}
	if (wrong && wrong->role == COLUMN_CGROUP)
		return error_set(e, ERROR_USAGE,
				 "the column %s needs --by container, pod, unit or cgroup",
				 wrong->name);
	return wrong ? error_set(e, ERROR_USAGE, "the column %s needs --by process or --by %s",
				 wrong->name, key_names[wrong->which])
		     : 0;
}

/* Only a watch has changes. */
static int check_trends(const struct options *o, struct error *e)
{
	const struct column *wrong = o->sort && o->sort->role == COLUMN_TREND ? o->sort : NULL;

	if (o->command == FOR_TOP)
		return 0;
	for (size_t i = 0; i < o->columns.count; i++) {
		if (o->columns.list[i]->role == COLUMN_TREND)
			wrong = o->columns.list[i];
	}
	return wrong ? error_set(e, ERROR_USAGE, "only anonmem top has the column %s", wrong->name)
		     : 0;
}

/* What control groups use is read for a report. */
static int check_usages(const struct options *o, struct error *e)
{
	const struct column *wrong = o->sort && o->sort->role == COLUMN_CGROUP ? o->sort : NULL;

	if (o->command == FOR_REPORT)
		return 0;
	for (size_t i = 0; i < o->columns.count; i++) {
		if (o->columns.list[i]->role == COLUMN_CGROUP)
			wrong = o->columns.list[i];
	}
	return wrong ? error_set(e, ERROR_USAGE, "only a report has the column %s", wrong->name)
		     : 0;
}

/* Only a report with this key column can be sorted by it. */
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

/* Where the user has not chosen. */
static void choose_grouping(struct options *o)
{
	static const struct grouping places = {
		.keys = {KEY_CGROUP, KEY_NAME, KEY_SUBSYSTEM, KEY_LABEL}, .count = 4};
	const enum key key = o->command == FOR_TOP ? KEY_SUBSYSTEM : KEY_LABEL;

	o->by_default = true;
	o->by = o->renderer->by_place ? places : (struct grouping){.keys = {key}, .count = 1};
}

/* Mappings of different processes must be distinguished by process. Private memory has no
 * segment. */
static void complete_grouping(struct options *o)
{
	struct grouping *by = &o->by;

	if (o->command == FOR_RECORD)
		return;
	if (by->count == 0 && (o->command == FOR_SERVE || o->renderer == &render_prometheus))
		*by = (struct grouping){.keys = {KEY_SUBSYSTEM, KEY_LABEL}, .count = 2};
	if (by->count == 0)
		choose_grouping(o);
	if (grouping_has(by, KEY_SEGMENT) && o->selection.kinds == 0)
		o->selection.kinds = 1U << KIND_SHMEM;
	if (!grouping_has(by, KEY_MAPPING) || grouping_has(by, KEY_PROCESS) ||
	    (o->pid_count + o->file_count == 1 && !o->children))
		return;
	memmove(by->keys + 1, by->keys, by->count * sizeof(*by->keys));
	by->keys[0] = KEY_PROCESS;
	by->count++;
}

/* Takes the arguments that are not options: more files of --smaps; otherwise process ids and, for a
 * report, captured files, whose names must contain a slash. */
static int take_words(struct options *o, int argc, char **argv, struct error *e)
{
	bool files = o->file_count > 0;

	for (int i = optind; i < argc; i++) {
		bool file = files || (o->command == FOR_REPORT && strchr(argv[i], '/'));

		if (!file && !value_is_pids(argv[i]))
			return error_set(e, ERROR_USAGE,
					 "unexpected argument \"%s\": expected process ids%s; see "
					 "anonmem%s --help",
					 argv[i], o->command == FOR_REPORT ? " or ./FILE" : "",
					 o->command == FOR_TOP	     ? " top"
					 : o->command == FOR_MACHINE ? " machine"
					 : o->command == FOR_RECORD  ? " record"
					 : o->command == FOR_SERVE   ? " serve"
					 : o->command == FOR_CAPTURE ? " capture"
								     : "");
		if ((file ? value_append(argv[i], &o->files, &o->file_count, e)
			  : value_pids(argv[i], &o->pids, &o->pid_count, e)) < 0)
			return -1;
	}
	return 0;
}

/* The sides of a diff; digits are process ids. */
static int take_sides(struct options *o, int argc, char **argv, struct error *e)
{
	for (int i = optind; i < argc; i++) {
		if ((value_is_pids(argv[i])
			     ? value_pids(argv[i], &o->pids, &o->pid_count, e)
			     : value_append(argv[i], &o->from, &o->from_count, e)) < 0)
			return -1;
	}
	return 0;
}

/* Process ids, or the command behind the options and --. */
static int take_command(struct options *o, int argc, char **argv, struct error *e)
{
	bool marked = optind > 1 && strcmp(argv[optind - 1], "--") == 0;

	if (optind < argc && (marked || !value_is_pids(argv[optind]))) {
		o->program = argv + optind;
		return 0;
	}
	for (int i = optind; i < argc; i++) {
		if (value_pids(argv[i], &o->pids, &o->pid_count, e) < 0)
			return -1;
	}
	return 0;
}

static int take_operands(struct options *o, int argc, char **argv, struct error *e)
{
	if (o->command == FOR_CHECK)
		return take_command(o, argc, argv, e);
	return (o->command == FOR_DIFF ? take_sides : take_words)(o, argc, argv, e);
}

/* The number of CPUs that this process may use. */
static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* False if out of memory. */
static bool join_arguments(struct options *o, int argc, char **argv)
{
	size_t size = 1, used = 0;

	for (int i = 1; i < argc; i++)
		size += strlen(argv[i]) + 1;
	o->typed = calloc(1, size);
	for (int i = 1; o->typed && i < argc; i++)
		used += (size_t)sprintf(o->typed + used, "%s%s", i > 1 ? " " : "", argv[i]);
	return o->typed != NULL;
}

/* getopt_long() leaves the rejected option in optopt, 0 if it is an unknown word. */
static int refuse_option(enum option_command command, const char *typed, struct error *e)
{
	for (size_t i = 0; i < SPECS; i++) {
		if (specs[i].name && specs[i].commands & command && optopt && specs[i].name &&
		    id_of(i) == optopt)
			return error_set(e, ERROR_USAGE, "the option --%s takes %s value",
					 specs[i].name, specs[i].argument ? "a" : "no");
	}
	if (optopt)
		return error_set(e, ERROR_USAGE, "unknown option -%c; see anonmem --help", optopt);
	return error_set(e, ERROR_USAGE, "unknown or ambiguous option %s; see anonmem --help",
			 typed);
}

/* What can only be checked when all is known. */
static int check(struct options *o, struct error *e)
{
	complete_grouping(o);
	if (o->command == FOR_RECORD && check_recorded(o, e) < 0)
		return -1;
	if (check_together(o, e) < 0 || check_trends(o, e) < 0 || check_usages(o, e) < 0 ||
	    check_suits(o, e) < 0)
		return -1;
	return check_sort(o, e);
}

static void set_defaults(enum option_command command, struct options *o)
{
	const uint64_t second = 1000000000, ms = 1000000, day = 86400 * second;
	bool serves = command == FOR_SERVE;
	bool over_time = command == FOR_TOP || command == FOR_RECORD;

	*o = (struct options){
		.infer = INFER_CONTENT,
		.command = command,
		.renderer = renderers[0],
		.verdict_format = &verdict_formats[0],
		.jobs = processors(),
		.delay_ns = serves		    ? 15 * second
			    : command == FOR_RECORD ? 10 * second
						    : 2 * second,
		.max_stall_ns = serves	    ? 2 * ms
				: over_time ? 50 * ms
					    : 0,
		.series = METRICS_SERIES,
		.keep_ns = 90 * day,
		.tiers = tiers_default(),
	};
}

int options_parse(enum option_command command, int argc, char **argv, struct options *o,
		  struct error *e)
{
	struct getopt_tables tables;
	int id;

	set_defaults(command, o);
	if (command == FOR_RECORD && !join_arguments(o, argc, argv))
		return error_memory(e);
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
	o->selection.labels = command == FOR_CHECK ? NULL : o->labels;
	if (take_operands(o, argc, argv, e) < 0)
		return -1;
	if (o->from_count && (o->root || o->file_count))
		return error_set(e, ERROR_USAGE,
				 "--from cannot be used together with --root or --smaps");
	return o->from_count && o->command == FOR_REPORT ? 0 : check(o, e);
}

int options_settle(struct options *o, enum source_kind kind, struct error *e)
{
	if (kind == SOURCE_RECORDING)
		return check(o, e);
	if (kind == SOURCE_REPORT)
		return error_set(e, ERROR_USAGE,
				 "%s is JSON; only anonmem diff and check read a report",
				 o->from[0]);
	if (o->command != FOR_REPORT)
		return kind == SOURCE_TREE
			       ? 0
			       : error_set(e, ERROR_USAGE,
					   "%s is no captured tree; only a report reads "
					   "smaps files",
					   o->from[0]);
	if (kind == SOURCE_SMAPS) {
		o->files = o->from;
		o->file_count = o->from_count;
		o->from = NULL;
		o->from_count = 0;
	} else {
		o->root = o->from[0];
	}
	return check(o, e);
}

void options_free(struct options *o)
{
	if (o->selection.name)
		regfree(&o->name);
	free(o->pids);
	free(o->files);
	free(o->from);
	free(o->labels);
	free(o->max);
	free(o->growth);
	free(o->baselines);
	free(o->typed);
}
