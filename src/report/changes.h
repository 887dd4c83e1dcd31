/*
 * changes: a delta as a report: keys, BEFORE, AFTER, CHANGE and STATE of one column, the
 * largest change first.
 *
 *	changes_build(&delta, &options, &c, &e)
 *	c.report		what any renderer of reports can write
 *	changes_free(&c)
 *
 * The changes of all rows add up to that of the totals, as far as all figures are known; what the
 * rows beyond the limit have changed, a note says. There is no change from or to an unknown figure.
 */
#ifndef REPORT_CHANGES_H
#define REPORT_CHANGES_H

#include "model/delta.h"
#include "report/report.h"

struct changes_options {
	const struct column *column; /* one that changes_suits() */
	bool full_keys;		     /* all columns of a key, for programs */
	bool hide_same;		     /* leave out rows that have not changed */
	size_t limit;		     /* number of rows; 0 for all */
};

struct changes {
	struct report report;
	const struct column *of; /* the compared column */
	struct compared_column {
		struct column column;
		const struct column *of;
	} columns[4];
	uint64_t same;	    /* unchanged rows left out */
	struct cell hidden; /* total change of the rows beyond the limit */
};

/* Whether a column can be compared: an amount of memory that adds up. */
bool changes_suits(const struct column *column);

/* The comparison, and the column, must stay where they are. 0, or -1 with *e; changes_free() in
 * any case. */
int changes_build(const struct delta *d, const struct changes_options *options, struct changes *c,
		  struct error *e);
void changes_free(struct changes *c);

/* The figures of a group, or of the totals with NULL. */
struct compared {
	struct cell before, after, change;
};
struct compared changes_figures(const struct changes *c, const struct group *group);

#endif
