#include "cli/command.h"
#include "cli/say.h"

#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything was written without a look; here it shows whether it arrived. */
static enum exit_status close_output(enum exit_status status)
{
	bool failed = ferror(stdout);
	char text[256];

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return status;
	snprintf(text, sizeof(text), "cannot write to standard output: %s",
		 errno ? strerror(errno) : "some of it was lost");
	say(text);
	return EXIT_FAILED;
}

/* What is none of these is a report. */
static const struct {
	const char *name;
	command_fn *run;
} commands[] = {
	{"run", command_run},
};

static command_fn *find_command(const char *name)
{
	for (size_t i = 0; name && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	command_fn *command;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* numbers are for programs too */
	command = find_command(argc > 1 ? argv[1] : NULL);
	if (command)
		return (int)close_output(command(argc - 1, argv + 1));
	return (int)close_output(command_report(argc, argv));
}
