/* draw: the screen as it is while no question is open. */
#ifndef TUI_DRAW_H
#define TUI_DRAW_H

#include "render/head.h"
#include "tui/level.h"

struct picture {
	const struct watch *watch; /* for the head */
	struct head_options head;
	struct render_options rendering;
	struct level *const *levels; /* from the top down; the last one is shown */
	size_t level_count;
	bool selected;	     /* the rows are those of a selection */
	const char *message; /* NULL for none */
};

/* Also decides which rows there is room for. 0, or -1 with *e. */
int draw(const struct picture *p, struct error *e);

/* How many rows there is room for. */
size_t draw_rows(void);

/* The column at x if y is the line of headings; NULL otherwise. */
const struct column *draw_column_at(const struct level *l, int y, int x);

/* The row on line y, among those shown; shown_count if there is none. */
size_t draw_row_at(const struct level *l, int y);

#endif
