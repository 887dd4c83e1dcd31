/*
 * budget: reads rules about memory from options, or from a file with such options in each line.
 */
#ifndef CLI_BUDGET_H
#define CLI_BUDGET_H

#include "report/budget.h"

/* A line: the memory that it applies to, and each of its limits. The strings are borrowed. */
struct budget_line {
	char **labels; /* owned, like the other lists */
	size_t label_count;
	char **max;
	size_t max_count;
	char **growth;
	size_t growth_count;
	const char *subsystem, *name, *cgroup, *by;
	bool optional;
};

void budget_line_free(struct budget_line *l);

/* Adds a rule for each limit; `number` is the number of the line, or 0 for the command line. 0, or
 * -1 with *e. */
int budget_add(struct budget *b, const struct budget_line *l, unsigned number, struct error *e);

/* Adds the rules of a file. Empty lines and everything after a # are ignored; words may be quoted
 * as in a shell. 0, or -1 with *e. */
int budget_read(struct budget *b, const char *path, struct error *e);

#endif
