/*
 * report: a snapshot as rows of typed cells, in order, with totals, coverage and notes.
 *
 * Renderers get this and nothing else. A report borrows from its snapshot, which must outlive it.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "report/column.h"

struct report_options {
	const struct column *columns[COLUMNS_MAX]; /* after those of the keys */
	size_t column_count;
	bool full_keys;		   /* all that is known of a key, for machines */
	const struct column *sort; /* NULL: see order.h */
	bool falling;		   /* with `sort` */
	bool hide_zeros;	   /* leave rows out that have nothing of any size shown */
	size_t limit;		   /* rows; 0 for all */
};

struct report {
	const struct snapshot *snapshot;

	const struct column *columns[2 * COLUMNS_MAX]; /* first those of the keys */
	size_t column_count, key_column_count;

	struct cell *cells; /* row by row, column_count to each */
	uint32_t *groups;   /* of each row, in the snapshot */
	size_t row_count;
	size_t zeros;			     /* rows left out because they have nothing, */
	size_t hidden;			     /* and of the others those beyond the limit */
	struct cell totals[2 * COLUMNS_MAX]; /* of all rows, hidden or not */
	struct trend part;		     /* of the totals, after report_total() */

	char *coverage; /* one sentence */
	char **notes;	/* sentences */
	size_t note_count;
	char **missing; /* what of coverage and notes is about processes that were missed */
	size_t missing_count;
	char **checks; /* what --verify found, a sentence each */
	size_t check_count;
};

/* 0, or -1 with *e; report_free() in any case. */
int report_build(const struct snapshot *snapshot, const struct report_options *options,
		 struct report *r, struct error *e);
void report_free(struct report *r);

/* Makes the totals those of some rows. How many processes these have together is unknown if one may
 * be in several. */
void report_total(struct report *r, const size_t *rows, size_t count);

static inline const struct cell *report_row(const struct report *r, size_t row)
{
	return r->cells + row * r->column_count;
}

#endif
