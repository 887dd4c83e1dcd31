/* commandline: the part that is common to all commands with options. */
#ifndef CLI_COMMANDLINE_H
#define CLI_COMMANDLINE_H

#include "cli/command.h"
#include "cli/options.h"

/* Does the work of a command; *e is a failure that it has not reported itself. */
typedef enum exit_status work_fn(struct options *o, struct error *e);

/* Parses the options; shows help, version or columns if requested, otherwise does the work. Reports
 * failures. */
enum exit_status commandline_run(enum option_command command, int argc, char **argv, work_fn *work);

/* The exit status for work that failed with this error. */
enum exit_status commandline_failure(const struct error *e);

#endif
