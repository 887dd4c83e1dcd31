#include "render/size.h"

#include <inttypes.h>
#include <string.h>

#include <bsd/stdlib.h>

void change_format(int64_t bytes, enum units units, char text[SIZE_TEXT_MAX])
{
	uint64_t size = bytes < 0 ? (uint64_t)0 - (uint64_t)bytes : (uint64_t)bytes;

	text[0] = bytes < 0 ? '-' : '+';
	size_format(size, units, bytes ? text + 1 : text);
}

void bounds_format(uint64_t low, uint64_t high, enum units units, char text[BOUNDS_TEXT_MAX])
{
	char least[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX];

	size_format(low, units, least);
	size_format(high, units, most);
	if (strcmp(least, most) == 0)
		snprintf(text, BOUNDS_TEXT_MAX, "%s", least);
	else
		snprintf(text, BOUNDS_TEXT_MAX, "%s..%s", least, most);
}

void size_format(uint64_t bytes, enum units units, char text[SIZE_TEXT_MAX])
{
	enum { AUTO_WIDTH = 5 }; /* three digits, or one and a tenth, with unit and NUL */
	const double kib = 1024;

	switch (units) {
	case UNITS_AUTO:
		if (bytes > INT64_MAX)
			bytes = INT64_MAX;
		humanize_number(text, AUTO_WIDTH, (int64_t)bytes, "", HN_AUTOSCALE,
				HN_DECIMAL | HN_NOSPACE);
		break;
	case UNITS_BYTES:
		snprintf(text, SIZE_TEXT_MAX - 1, "%" PRIu64, bytes);
		break;
	case UNITS_KIB:
		snprintf(text, SIZE_TEXT_MAX - 1, "%" PRIu64 "K", bytes / 1024);
		break;
	case UNITS_MIB:
		snprintf(text, SIZE_TEXT_MAX - 1, "%.1fM", (double)bytes / kib / kib);
		break;
	case UNITS_GIB:
		snprintf(text, SIZE_TEXT_MAX - 1, "%.2fG", (double)bytes / kib / kib / kib);
		break;
	}
}
