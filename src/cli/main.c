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
	int number;

	errno = 0;
	failed |= fflush(stdout) != 0;
	number = errno;
	/* An interrupted close() has closed it all the same. */
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
	{"doctor", command_doctor},
	{"run", command_run},
	{"top", command_top},
};

/* A first word that is no option is a command; without one it is the report. */
static enum exit_status run(int argc, char **argv)
{
	char text[256];

	if (argc < 2 || argv[1][0] == '-')
		return command_report(argc, argv);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	snprintf(text, sizeof(text), "there is no command \"%s\"; see anonmem --help", argv[1]);
	say(text);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	/* Which characters can be shown; numbers stay as programs write them. */
	setlocale(LC_CTYPE, "");
	return (int)close_output(run(argc, argv));
}
