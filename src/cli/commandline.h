/* commandline: what all commands that have options do around their work. */
#ifndef CLI_COMMANDLINE_H
#define CLI_COMMANDLINE_H

#include "cli/command.h"
#include "cli/options.h"

/* Does the work; a failure that it did not say itself is in *e. */
typedef enum exit_status work_fn(struct options *o, struct error *e);

/* Parses the options; shows help, version or columns if they ask for it, and else does the work.
 * Says what went wrong. */
enum exit_status commandline_run(enum option_command command, int argc, char **argv, work_fn *work);

/* The status of work that failed with this error. */
enum exit_status commandline_failure(const struct error *e);

#endif
