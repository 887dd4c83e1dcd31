/* cell: numbers of a report as text for people. */
#ifndef RENDER_CELL_H
#define RENDER_CELL_H

#include "render/size.h"
#include "report/column.h"

/* Writes a cell that is a number of any kind. False if it is something else: text, a state, a
 * graph. */
bool cell_format_number(const struct column *column, const struct cell *cell, enum units units,
			char text[BOUNDS_TEXT_MAX]);

#endif
