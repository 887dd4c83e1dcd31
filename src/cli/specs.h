/* specs: the table of all options of all commands. */
#ifndef CLI_SPECS_H
#define CLI_SPECS_H

#include "cli/options.h"

enum {
	ALL = FOR_REPORT | FOR_TOP,
	SHOWING = ALL | FOR_DIFF,
	ANY = SHOWING | FOR_MACHINE,
	READS = SHOWING | FOR_RECORD | FOR_CHECK, /* read the chosen processes and their memory */
	CHOOSING = READS | FOR_CAPTURE,		  /* choose processes */
	EACH = ANY | FOR_RECORD | FOR_CHECK,
	MOST = EACH | FOR_SERVE,
};

/* Handles an option's value, which it may modify. 0, or -1 with *e. */
typedef int take_fn(struct options *o, char *value, struct error *e);

/* One option, or the heading of those that follow. */
struct spec {
	unsigned commands; /* the commands that have the option; for a heading, those that have any
			      option below it */
	char letter;	   /* 0 if it has none */
	const char *name, *argument, *help;
	take_fn *take;
	size_t sets; /* without `take`: offset of the bool that becomes true */
};
enum { SPECS_MAX = 128 };
extern const struct spec specs[];
extern const size_t spec_count; /* at most SPECS_MAX */

#endif
