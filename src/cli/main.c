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

int main(int argc, char **argv)
{
	/* Which characters can be shown; numbers stay as programs write them. */
	setlocale(LC_CTYPE, "");
	return (int)close_output(command_report(argc, argv));
}
