/*
 * series: what the row at the cursor was in each sample of a recording.
 *
 *	series_read(&s, driver, level)
 *	series_free(&s)
 */
#ifndef TUI_SERIES_H
#define TUI_SERIES_H

#include "tui/level.h"
#include "watch/driver.h"

struct series {
	struct point {
		uint64_t number, time_ms, elapsed_ms;
		uint64_t reach_ms; /* how long it says what there was, if none follows */
		bool known;
		uint64_t bytes; /* PSS, or RSS where PSS is unknown */
	} * list;		/* in the order of samples */
	size_t count;
};

/* Reads the whole recording; shows how far that is, if it takes long. 1, 0 if the user stops it, or
 * -1 with *e; series_free() in any case. */
int series_read(struct series *s, const struct driver *d, const struct level *l, struct error *e);
void series_free(struct series *s);

/* Whether nothing was recorded for long between a point and the one before it. */
bool series_breaks(const struct series *s, size_t point);

/* The point with the largest growth since the one before it, a gap not counted; s->count if nothing
 * grew. */
size_t series_largest(const struct series *s);

/* The point of a sample, or of the last one before it. */
size_t series_find(const struct series *s, uint64_t number);

#endif
