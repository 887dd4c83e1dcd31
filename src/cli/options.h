/*
 * options: what the user typed, checked and understood.
 *
 * One table holds every option with its help; parsing and --help are made from it.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/values.h"
#include "render/render.h"

/* The commands that have options; a set of them is a sum. */
enum option_command { FOR_REPORT = 1, FOR_TOP = 2, FOR_MACHINE = 4 };

struct options {
	enum option_command command;
	enum {
		ACTION_REPORT,
		ACTION_HELP,
		ACTION_VERSION,
		ACTION_COLUMNS, /* list them */
	} action;

	/* source */
	pid_t *pids; /* owned */
	size_t pid_count;
	const char *root; /* NULL for the running system */
	char **files;	  /* owned, the strings are argv's */
	size_t file_count;

	/* what is wanted of it */
	struct grouping by;
	bool children;		    /* with the descendants of what is selected */
	struct selection selection; /* its lists are owned by this struct */
	regex_t name;
	const char *name_text, *user_text; /* as they were given; or NULL */
	char **labels;
	const char *rules; /* a file of the user's */
	bool no_rules;
	enum inferring infer;
	bool verify, strict;
	unsigned jobs; /* threads */
	bool fast, stats;
	uint64_t max_stall_ns; /* 0 for no bound */

	/* of top */
	uint64_t delay_ns;   /* 0: at once */
	uint64_t iterations; /* 0: for ever */
	bool batch;

	/* how it is shown */
	const struct renderer *renderer;
	struct column_choice columns;
	const struct column *sort;
	bool falling;
	size_t limit;
	enum units units;
	bool no_header, quiet, all, wide;
	enum option_color color;
};

/* 0, or -1 with *e: ERROR_USAGE for what the user can mend. options_free() in any case. */
int options_parse(enum option_command command, int argc, char **argv, struct options *o,
		  struct error *e);
void options_free(struct options *o);

/* The text of --help, and that of --columns help. */
void options_write_help(enum option_command command, FILE *out);
void options_write_columns(enum option_command command, FILE *out);

#endif
