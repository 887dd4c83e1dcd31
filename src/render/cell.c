#include "render/cell.h"

#include <inttypes.h>
#include <stdio.h>

bool cell_format_number(const struct column *column, const struct cell *cell, enum units units,
			char text[BOUNDS_TEXT_MAX])
{
	switch (column->type) {
	case CELL_NUMBER:
		snprintf(text, BOUNDS_TEXT_MAX, "%" PRIu64, cell->number);
		return true;
	case CELL_BYTES:
		size_format(cell->number, units, text);
		return true;
	case CELL_BOUNDS:
		bounds_format(cell->number, cell->most, units, text);
		return true;
	case CELL_PERCENT:
		snprintf(text, BOUNDS_TEXT_MAX, "%.1f", cell->percent);
		return true;
	case CELL_ADDRESS:
		snprintf(text, BOUNDS_TEXT_MAX, "%" PRIx64, cell->number);
		return true;
	case CELL_CHANGE:
		change_format(cell->change, units, text);
		return true;
	case CELL_TEXT:
	case CELL_STATE:
	case CELL_GRAPH:
		break;
	}
	return false;
}
