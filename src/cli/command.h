/* command: the commands of `anonmem`, and its exit status. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3, /* with --strict: something could not be read */
	EXIT_OVER = 4,	     /* of check: memory is over its limit */
};

/* argv[0] is the program, or the command's own name. */
typedef enum exit_status command_fn(int argc, char **argv);

command_fn command_report;  /* the one-shot report; has no name */
command_fn command_doctor;  /* whether memory can have names here, and how to get more names */
command_fn command_capture; /* writes what is to be read into a file */
command_fn command_check;   /* whether memory is within a budget */
command_fn command_diff;    /* what grew between two captures, reports or moments */
command_fn command_machine; /* where all memory of the machine is */
command_fn command_record;  /* samples over time, into a database */
command_fn command_serve;   /* metrics for Prometheus, over HTTP */
command_fn command_run;	    /* runs a program and names its memory */
command_fn command_top;	    /* the report, refreshed */

#endif
