#include "cli/help.h"

#include "cli/specs.h"

/* The text of --help before and after the options. */
static const struct help {
	unsigned command;
	const char *shown_by; /* the command line that shows it */
	const char *before, *after;
} helps[] = {
	{FOR_REPORT, "anonmem --help",
	 "Usage: anonmem [OPTIONS] [PID...]\n"
	 "       anonmem COMMAND [OPTIONS] [ARG...]\n"
	 "Show what the memory of all processes, or of the given ones, is used for.\n"
	 "\n"
	 "Commands (anonmem help COMMAND shows their options):\n"
	 "  top          watch the report live\n"
	 "  machine      account for all memory of the machine or of a control group\n"
	 "  record       record memory over time\n"
	 "  serve        export memory by label to Prometheus\n"
	 "  capture      save everything a report needs in one file, for --from\n"
	 "  diff         show what grew between two moments\n"
	 "  check        check that memory stays within a budget, for CI\n"
	 "  doctor       show which programs name their memory, and how to name more\n"
	 "  run          run a program so that its memory has names, on any kernel\n",
	 "  anonmem 1234 --json           one process, for programs\n"
	 "  anonmem --by subsystem        who owns the memory of this machine\n"
	 "  anonmem 1234 --by mapping     every mapping of a process\n"},
	{FOR_TOP, "anonmem top --help",
	 "Usage: anonmem top [OPTIONS] [PID...]\n"
	 "Watch who uses memory and who grows; press h for help on keys.\n",
	 "  anonmem top                      subsystems; Enter opens one\n"
	 "  anonmem top --by process -s growth\n"
	 "                                   the process that grows most comes first\n"
	 "  anonmem top -b -n 10 --json      ten reports, one per line\n"},
	{FOR_MACHINE, "anonmem machine --help",
	 "Usage: anonmem machine [OPTIONS]\n"
	 "Account for all memory and all swap of the machine, in rows that add up.\n",
	 "  sudo anonmem machine             root can read all processes and slab caches\n"
	 "  anonmem machine --json           anonmem-machine/1, see anonmem-json(5)\n"},
	{FOR_RECORD, "anonmem record --help",
	 "Usage: anonmem record [OPTIONS] [PID...]\n"
	 "Record memory over time, a sample every 10 seconds, until stopped.\n"
	 "The default file is ~/.local/state/anonmem/recording.db, or for root\n"
	 "/var/lib/anonmem/recording.db. SIGUSR1 takes a sample at once; SIGTERM and\n"
	 "SIGINT end the recording.\n",
	 "  anonmem record                   this machine, in the background or a unit\n"
	 "  anonmem record --by process,label --for 1h --output leak.db\n"
	 "  anonmem --from leak.db@-10m --by process\n"},
	{FOR_CAPTURE, "anonmem capture --help",
	 "Usage: anonmem capture [OPTIONS] [PID...]\n"
	 "Save everything that a report of all processes, or of the given ones, and of the\n"
	 "machine needs in one file. anonmem --from reads the file on any machine.\n",
	 "  sudo anonmem capture             root can read all processes\n"
	 "  anonmem capture --redact --output x.tar.zst\n"
	 "                                   names are hashed, figures kept\n"},
	{FOR_CHECK, "anonmem check --help",
	 "Usage: anonmem check [OPTIONS] [PID...]\n"
	 "       anonmem check [OPTIONS] -- COMMAND [ARG...]\n"
	 "Check that memory is within limits: of processes, of a capture, recording or\n"
	 "report (--from), or at the peaks of a command.\n",
	 "  anonmem check --name shop --max pss=200M\n"
	 "  anonmem check -l 'jemalloc*' --growth 5% --baseline old.json --from new.json\n"
	 "  anonmem check --budget memory.budget --format junit -- ./server --self-test\n"
	 "  anonmem check --max 1G --repeat 10 --json -- old/server > old.json\n"
	 "  anonmem check --growth 2% --baseline old.json --repeat 10 -- new/server\n"},
	{FOR_SERVE, "anonmem serve --help",
	 "Usage: anonmem serve [OPTIONS]\n"
	 "Export what the memory of this machine is used for to Prometheus, at /metrics.\n"
	 "Memory is read every 15 seconds, however often Prometheus asks.\n",
	 "  anonmem serve                    on this machine only, port 9974\n"
	 "  anonmem serve --listen unix:/run/anonmem.sock\n"
	 "                                   for a proxy that provides TLS and passwords\n"
	 "  anonmem serve --by container,subsystem\n"
	 "                                   what each container uses memory for\n"},
	{FOR_DIFF, "anonmem diff --help",
	 "Usage: anonmem diff [OPTIONS] BEFORE [AFTER]\n"
	 "       anonmem diff [OPTIONS] --for DURATION [PID...]\n"
	 "Show which memory grew and which shrank. BEFORE and AFTER are captures of any\n"
	 "kind, recordings (FILE@TIME) or JSON reports; without AFTER, BEFORE is compared\n"
	 "with now.\n",
	 "  anonmem diff old.json new.json   two reports that --json wrote\n"
	 "  anonmem diff --for 60s 1234      what a process gains in a minute\n"
	 "  anonmem diff day.db@09:00 day.db@10:00\n"
	 "                                   two moments of a recording\n"
	 "  anonmem diff a.tar.zst b.tar.zst --by name,label --format markdown\n"
	 "                                   two captures, for a pull request\n"},
};

static void write_option(const struct spec *s, FILE *out)
{
	enum { HELP_COLUMN = 28 };
	int used = s->letter ? fprintf(out, "  -%c, --%s", s->letter, s->name)
			     : fprintf(out, "      --%s", s->name);

	if (s->argument)
		used += fprintf(out, " %s", s->argument);
	if (used >= HELP_COLUMN)
		used = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", HELP_COLUMN - used, "", s->help);
}

static const struct help *find_help(enum option_command command)
{
	const struct help *help = helps;

	while (help->command != command)
		help++;
	return help;
}

const char *help_shown_by(enum option_command command)
{
	return find_help(command)->shown_by;
}

void help_write(enum option_command command, FILE *out)
{
	const struct help *help = find_help(command);

	fputs(help->before, out);
	for (size_t i = 0; i < spec_count; i++) {
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
		      "pod,\n      unit.\n",
		      out);
	else if (command == FOR_SERVE)
		fputs("Keys: label, subsystem, kind, name, user, cgroup, container, pod, unit.\n",
		      out);
	else if (command & SHOWING)
		fputs("Keys: label, subsystem, kind, process, name, user, cgroup, container, "
		      "pod,\n      unit, command, file, mapping, segment.\n",
		      out);
	fputs(command == FOR_REPORT
		      ? "Exit status: 0 done, 1 failed, 2 invalid usage, 3 incomplete with "
			"--strict,\n             4 over budget (check).\n"
	      : command == FOR_CHECK ? "Exit status: 0 within limits, 1 failed or unknown, 2 "
				       "invalid usage, 4 over.\n"
				     : "Exit status: 0 done, 1 failed, 2 invalid usage.\n",
	      out);
	fprintf(out, "\nExamples:\n%s", help->after);
}

void help_write_columns(enum option_command command, FILE *out)
{
	for (size_t i = 0; i < column_count; i++) {
		const struct column *c = &columns[i];

		if (column_is_offered(c, command == FOR_TOP))
			fprintf(out, "%-18s%-11s%s\n", c->name, c->header, c->help);
	}
}
