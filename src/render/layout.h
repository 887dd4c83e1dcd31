/*
 * layout: formats a report as lines of text for people.
 *
 * Numbers are right-aligned, text is left-aligned. If the width is too small, less important
 * columns are left out and text is shortened in the middle; numbers never are. All text is escaped.
 */
#ifndef RENDER_LAYOUT_H
#define RENDER_LAYOUT_H

#include "render/render.h"

struct table_layout {
	const struct report *report;
	const struct render_options *options;
	bool denied; /* there is a row for unreadable processes */
	/* Row by row: the header, the rows of the report, the totals, and the unreadable. In one
	 * buffer, each with its NUL, since there may be millions. */
	char *texts;
	size_t used, capacity;
	size_t *starts;	   /* offset of each row in the texts */
	uint32_t *offsets; /* offset of each cell in its row */
	size_t rows, columns;
	size_t *widths;
	bool *left_out; /* for each column, whether there was no room for it */
	size_t gap;
};

/* False if out of memory; call layout_free() in any case. Borrows both. */
bool layout_init(struct table_layout *l, const struct report *report,
		 const struct render_options *options);
void layout_free(struct table_layout *l);

/* The width of a row in terminal columns; exceeds the requested width if it must. */
size_t layout_width(const struct table_layout *l);

/* The width of a string in terminal columns; the string must be escaped, hence printable. */
size_t text_width(const char *text);

/* Writes a row without newline and trailing blanks. */
void layout_write(const struct table_layout *l, size_t row, FILE *out);

#endif
