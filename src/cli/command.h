/* command: what `anonmem` can be told to do, and how it ends. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3, /* with --strict: something could not be read */
};

/* The one-shot report; argv[0] is the program. */
enum exit_status command_report(int argc, char **argv);

/* These have a name, which is argv[0]. */
enum exit_status command_doctor(int argc, char **argv);
enum exit_status command_top(int argc, char **argv);

#endif
