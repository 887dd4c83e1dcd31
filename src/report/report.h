/*
 * report: turns a snapshot into sorted rows of typed cells, with totals, coverage and notes.
 *
 * Renderers see nothing else. A report borrows from its snapshot, which must outlive it.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "report/column.h"

struct report_options {
	const struct column *columns[COLUMNS_MAX]; /* following the columns of the keys */
	size_t column_count;
	const struct column *if_hugetlb; /* a column to leave out if there is no such memory */
	bool full_keys;			 /* all columns of a key, for programs */
	const struct column *sort;	 /* NULL: see order.h */
	bool falling;			 /* descending; with `sort` */
	bool hide_zeros;		 /* leave out rows with no size in any shown column */
	size_t limit;			 /* number of rows; 0 for all */
};

struct report {
	const struct snapshot *snapshot;

	const struct column *columns[2 * COLUMNS_MAX]; /* those of the keys first */
	size_t column_count, key_column_count;

	uint32_t *groups; /* index in the snapshot, for each row */
	struct cell
		*row; /* set by report_row(), since a million rows need not be in memory at once */
	size_t row_count;
	size_t zeros;			     /* empty rows left out; */
	size_t hidden;			     /* other rows left out, beyond the limit */
	struct cell totals[2 * COLUMNS_MAX]; /* of all rows, including hidden ones */
	struct trend part;		     /* trend of the totals, after report_total() */

	char *coverage; /* one sentence */
	char **notes;	/* sentences */
	size_t note_count;
	char **missing; /* the part of coverage and notes about missed processes */
	size_t missing_count;
	char **checks; /* results of --verify, one sentence each */
	size_t check_count;
};

/* 0, or -1 with *e; report_free() in any case. */
int report_build(const struct snapshot *snapshot, const struct report_options *options,
		 struct report *r, struct error *e);
void report_free(struct report *r);

/* Makes the totals those of some rows only. The number of processes is unknown if a process may be
 * in several rows. */
void report_total(struct report *r, const size_t *rows, size_t count);

/* The cells of a row, one per column, valid until the next call for this report. */
const struct cell *report_row(const struct report *r, size_t row);

#endif
