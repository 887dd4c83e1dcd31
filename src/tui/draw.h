/* draw: draws the screen while no question is open. */
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
	bool selected;	     /* only a selection is shown */
	const char *message; /* NULL for none */
};

/* Also determines how many rows fit. 0, or -1 with *e. */
int draw(const struct picture *p, struct error *e);

/* How many rows fit on the screen. */
size_t draw_rows(void);

/* The column at x if y is the line of headings; otherwise NULL. */
const struct column *draw_column_at(const struct level *l, int y, int x);

/* The index in `shown` of the row on line y; shown_count if there is none. */
size_t draw_row_at(const struct level *l, int y);

#endif
