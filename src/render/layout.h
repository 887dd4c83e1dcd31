/*
 * layout: a report as lines of text for people, on paper or on a screen.
 *
 * Numbers stand right, text left; where the width is too small, columns that can be spared are left
 * out, text is shortened in the middle and numbers never. All text is escaped.
 */
#ifndef RENDER_LAYOUT_H
#define RENDER_LAYOUT_H

#include "render/render.h"

struct table_layout {
	const struct report *report;
	const struct render_options *options;
	bool denied; /* there is a row of what may not be read */
	/* Row by row: the header, those of the report, the totals, and what may not be read. One
	 * after another, each with its NUL: there may be millions. */
	char *texts;
	size_t used, capacity;
	size_t *starts;	   /* of each row in the texts */
	uint32_t *offsets; /* of each cell in its row */
	size_t rows, columns;
	size_t *widths;
	bool *left_out; /* of each column, whether there was no room for it */
	size_t gap;
};

/* False if out of memory; layout_free() in any case. Borrows both. */
bool layout_init(struct table_layout *l, const struct report *report,
		 const struct render_options *options);
void layout_free(struct table_layout *l);

/* Columns of the terminal that a row takes; more than asked for if it cannot be less. */
size_t layout_width(const struct table_layout *l);

/* Columns of the terminal that a string takes; it was escaped, so all of it is printable. */
size_t text_width(const char *text);

/* Writes a row without a newline and without blanks at its end. */
void layout_write(const struct table_layout *l, size_t row, FILE *out);

#endif
