/* help: the text of --help and of --columns help. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/options.h"

/* The command line that shows the text of --help, for messages. */
const char *help_shown_by(enum option_command command);

/* Write the text of --help, and of --columns help. */
void help_write(enum option_command command, FILE *out);
void help_write_columns(enum option_command command, FILE *out);

#endif
