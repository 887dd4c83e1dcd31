/* options: what the command line says, once it is parsed (arguments.h). */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/values.h"
#include "recording/thinning.h"
#include "render/render.h"
#include "render/verdict.h"

/* The commands that have options; a bit set. */
enum option_command {
	FOR_REPORT = 1,
	FOR_TOP = 2,
	FOR_MACHINE = 4,
	FOR_CAPTURE = 8,
	FOR_RECORD = 16,
	FOR_DIFF = 32,
	FOR_CHECK = 64,
	FOR_SERVE = 128,
};

/* The commands whose --output takes what otherwise goes to standard output. */
enum { OUTPUT_OF_REPORTS = FOR_REPORT | FOR_MACHINE | FOR_DIFF | FOR_CHECK };

struct options {
	enum option_command command;
	enum {
		ACTION_REPORT,
		ACTION_HELP,
		ACTION_VERSION,
		ACTION_COLUMNS, /* list the columns */
	} action;

	/* source */
	pid_t *pids; /* owned */
	size_t pid_count;
	const char *root; /* NULL for the running system */
	char **files;	  /* owned, the strings are argv's */
	size_t file_count;
	char **from; /* likewise; moved to `root` or `files` once its kind is known */
	size_t from_count;

	/* what to show */
	struct grouping by;
	struct selection selection; /* its lists are owned by this struct */
	regex_t name;
	const char *name_text, *user_text; /* as given; or NULL */
	char **labels;
	const char *rules; /* file given by the user */
	enum inferring infer;
	unsigned jobs;	 /* threads */
	bool by_default; /* the user has not chosen `by` */
	bool children;	 /* include descendants of the selected processes */
	bool no_rules, verify, strict, fast, stats;
	uint64_t max_stall_ns; /* 0 for no limit */

	/* for top */
	uint64_t delay_ns;   /* 0: without delay */
	uint64_t iterations; /* 0: unlimited */

	bool delay_given, max_stall_given; /* the user has set these */
	bool batch;			   /* of top */
	bool optional;			   /* of check */
	bool on_pressure;		   /* of record */
	bool redact;			   /* of capture and record */

	/* of check */
	char **max, **growth; /* owned, the strings are argv's */
	size_t max_count, growth_count, label_count;
	char **baselines; /* likewise */
	size_t baseline_count, repeat;
	char *subsystem, *budget, *by_text;
	char **program; /* the command to run, with its arguments; or NULL */
	const struct verdict_format *verdict_format;

	const char *output; /* NULL for the default; "-" for standard output */

	/* for record; `for_ns` is also for diff, between its two readings; the sides of a diff are
	 * in `from` */
	uint64_t for_ns, keep_ns, max_size; /* 0 for no limit */
	struct tiers tiers;
	char *typed; /* all arguments as one text; owned */

	/* of serve */
	const char *listen; /* NULL for the default */
	size_t series;

	/* output */
	const struct renderer *renderer;
	struct column_choice columns;
	const struct column *sort;
	size_t limit;
	enum units units;
	bool falling, no_header, quiet, all, wide;
	enum option_color color;
};

#endif
