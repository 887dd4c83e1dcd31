#include "cli/command.h"
#include "cli/privilege.h"
#include "cli/say.h"
#include "cli/values.h"

#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Write errors were not checked before; reports them here. */
static enum exit_status close_output(enum exit_status status)
{
	bool failed = ferror(stdout);
	char text[256];
	int number;

	errno = 0;
	failed |= fflush(stdout) != 0;
	number = errno;
	/* If interrupted, close() has closed it nevertheless. */
	if (fclose(stdout) != 0 && !failed && errno != EINTR) {
		failed = true;
		number = errno;
	}
	if (!failed)
		return status;
	snprintf(text, sizeof(text), "cannot write to standard output: %s",
		 number ? strerror(number) : "some of it was lost");
	say(text);
	return EXIT_FAILED;
}

static const struct {
	const char *name;
	command_fn *run;
} commands[] = {
	{"capture", command_capture}, {"check", command_check},	    {"diff", command_diff},
	{"doctor", command_doctor},   {"machine", command_machine}, {"record", command_record},
	{"run", command_run},	      {"serve", command_serve},	    {"top", command_top},
};

static unsigned may_need(command_fn *command)
{
	if (command == command_report)
		return PRIVILEGE_ADMIN | PRIVILEGE_WRITING;
	return command == command_machine || command == command_diff || command == command_record
		       ? PRIVILEGE_WRITING
		       : 0;
}

/* `anonmem run` keeps the user's own rights for the program, but none from file capabilities.
 * `anonmem capture` creates its file with all rights, and then drops them for the reading. */
static int settle_rights(command_fn *command, struct error *e)
{
	if ((command == command_run || command == command_capture || command == command_check) &&
	    !privilege_is_lent())
		return 0;
	if (privilege_reduce(may_need(command), e) < 0)
		return -1;
	if (command == command_run)
		privilege_end();
	return 0;
}

/* The first argument is a command unless it is an option, a process id or a path; then the command
 * is the report. NULL if there is no such command. */
static command_fn *find_command(int argc, char **argv)
{
	if (argc < 2 || argv[1][0] == '-' || value_is_pids(argv[1]) || strchr(argv[1], '/'))
		return command_report;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run;
	}
	return NULL;
}

static enum exit_status run(int argc, char **argv)
{
	command_fn *command = find_command(argc, argv);
	struct error e = {.code = ERROR_NONE};
	bool named = command && command != command_report;

	if (!command)
		error_set(&e, ERROR_USAGE,
			  "unknown command \"%s\"; to select processes by name, use --name; to "
			  "read a captured file, use --from; see anonmem --help",
			  argv[1]);
	else if (settle_rights(command, &e) == 0)
		return command(argc - named, argv + named);
	say(e.text);
	return command ? EXIT_FAILED : EXIT_USAGE;
}

/* `help [COMMAND]` and `version`, as git and systemctl have them, are the options --help and
 * --version. */
static void words_to_options(int argc, char **argv)
{
	static char help[] = "--help", version[] = "--version";

	if (argc >= 2 && strcmp(argv[1], "version") == 0)
		argv[1] = version;
	if (argc < 2 || strcmp(argv[1], "help") != 0)
		return;
	argv[1] = help;
	if (argc > 2 && strcmp(argv[2], "help") != 0) {
		argv[1] = argv[2];
		argv[2] = help;
	}
}

int main(int argc, char **argv)
{
	/* LC_CTYPE decides which characters are printable; number formats stay unlocalized. */
	setlocale(LC_CTYPE, "");
	words_to_options(argc, argv);
	return (int)close_output(run(argc, argv));
}
