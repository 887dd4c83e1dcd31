/*
 * curve: the size of the row at the cursor in each sample of a recording.
 *
 *	curve_read(&s, driver, level)
 *	curve_free(&s)
 */
#ifndef TUI_CURVE_H
#define TUI_CURVE_H

#include "tui/level.h"
#include "watch/driver.h"

struct curve {
	struct point {
		uint64_t number, time_ms, elapsed_ms;
		uint64_t reach_ms; /* how long the point holds if none follows */
		bool known;
		uint64_t bytes; /* PSS, or RSS where PSS is unknown */
	} * list;		/* in the order of samples */
	size_t count;
};

/* Reads the whole recording; shows the progress if it takes long. 1, 0 if the user stops it, or -1
 * with *e; call curve_free() in any case. */
int curve_read(struct curve *s, const struct driver *d, const struct level *l, struct error *e);
void curve_free(struct curve *s);

/* Whether there is a gap between a point and the one before it. */
bool curve_breaks(const struct curve *s, size_t point);

/* The point with the largest growth over the one before it, gaps excluded; s->count if nothing
 * grew. */
size_t curve_largest(const struct curve *s);

/* The point of a sample, or else the last one before it. */
size_t curve_find(const struct curve *s, uint64_t number);

#endif
