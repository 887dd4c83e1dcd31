/* command: the commands of `anonmem`, and its exit status. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3, /* with --strict: something could not be read */
	EXIT_OVER = 4,	     /* only check: memory is over its limit */
};

/* argv[0] is the program, or the command's own name. */
typedef enum exit_status command_fn(int argc, char **argv);

command_fn command_report;  /* the one-shot report; has no name */
command_fn command_doctor;  /* whether memory can have names here, and how to get more names */
command_fn command_capture; /* saves everything that a report needs in a file */
command_fn command_check;   /* checks that memory is within a budget */
command_fn command_diff;    /* what grew between two captures, reports or moments */
command_fn command_machine; /* accounts for all memory of the machine */
command_fn command_record;  /* records samples over time in a database */
command_fn command_serve;   /* exports metrics to Prometheus over HTTP */
command_fn command_run;	    /* runs a program and names its memory */
command_fn command_top;	    /* the report, refreshed */

#endif
