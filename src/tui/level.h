/*
 * level: one level on the path from subsystems to mappings: a table with a cursor.
 */
#ifndef TUI_LEVEL_H
#define TUI_LEVEL_H

#include "report/report.h"
#include "watch/view.h"

struct level {
	struct watch *watch; /* borrowed */
	struct view view;
	char *title; /* what was chosen in the level above, escaped; NULL at the top */
	struct report_options options;
	struct report report;

	char *filter;  /* NULL for none */
	size_t *shown; /* rows of the report that pass the filter */
	size_t shown_count;

	size_t cursor,
		first; /* indices in `shown`: of the cursor, and of the first row on the screen */
	char *at;      /* text of the row that the cursor follows; NULL to stay at the top */
	size_t least[2 * COLUMNS_MAX]; /* previous widths, so that columns do not jump */
	size_t gap;		       /* previous gap between columns */
};

void level_init(struct level *l, struct watch *w, const struct grouping *by,
		const struct report_options *options);
void level_free(struct level *l);

/* Call after a refresh, or if the view changed. 0, or -1 with *e. */
int level_update(struct level *l, struct error *e);

/* Call if the order or filter changed. 0, or -1 with *e. */
int level_list(struct level *l, struct error *e);

/* Moves the cursor to a row, or to the last one if `to` is too large. */
void level_move(struct level *l, size_t to);

/* Finds the next row that contains the text, starting at `from` and wrapping around; shown_count if
 * there is none. */
size_t level_search(const struct level *l, const char *text, size_t from);

/* The texts that identify a shown row, escaped; freed by the caller, NULL if out of memory. */
char *level_text(const struct level *l, size_t shown);

/* Sets the keys of the level below; false if there is none. */
bool level_below(const struct level *l, struct grouping *by);

/* Limits another level to the contents of the row at the cursor. */
bool level_fix(const struct level *l, struct level *below);

/* The process of the level or of the row at its cursor; 0 if none. */
pid_t level_pid(const struct level *l);

#endif
