/*
 * level: one step of the way down, from subsystems to mappings, as a table with a cursor.
 */
#ifndef TUI_LEVEL_H
#define TUI_LEVEL_H

#include "report/report.h"
#include "watch/view.h"

struct level {
	struct watch *watch; /* borrowed */
	struct view view;
	char *title; /* what was chosen above, escaped; NULL at the top */
	struct report_options options;
	struct report report;

	char *filter;  /* NULL for none */
	size_t *shown; /* rows of the report that pass the filter */
	size_t shown_count;

	size_t cursor, first; /* among them; the first one on the screen */
	char *at; /* text of the row that the cursor follows; NULL: it stays at the top */
	size_t least[2 * COLUMNS_MAX]; /* how wide columns were, so that they do not jump, */
	size_t gap;		       /* and what was between them */
};

void level_init(struct level *l, struct watch *w, const struct grouping *by,
		const struct report_options *options);
void level_free(struct level *l);

/* After a refresh, or when the view changed. 0, or -1 with *e. */
int level_update(struct level *l, struct error *e);

/* After a change of order or filter. 0, or -1 with *e. */
int level_list(struct level *l, struct error *e);

/* The cursor on a row, or the last one if it is too large. */
void level_move(struct level *l, size_t to);

/* The next row from `from` on, round and round, that has the text; shown_count if none has. */
size_t level_search(const struct level *l, const char *text, size_t from);

/* The keys to go down to from here; false if there is nothing below. */
bool level_below(const struct level *l, struct grouping *by);

/* Has another level show only what is in the row at the cursor. */
bool level_fix(const struct level *l, struct level *below);

/* The process that the level and the row at its cursor are about; 0 if there is none. */
pid_t level_pid(const struct level *l);

#endif
