/*
 * html_series: numbers over time, briefly, as JSON; for html.c only.
 *
 *	{"unit":1024,"steps":[500,3,[17],-2,null]}
 *
 * The first number is the first value in that unit, the next are changes; an array is so many
 * values that are the same as the one before, and null is an unknown value.
 */
#ifndef RENDER_HTML_SERIES_H
#define RENDER_HTML_SERIES_H

#include "model/timeline.h"

#include <stdio.h>

/* The instants of a timeline that are in a page. */
struct chosen {
	const struct timeline *timeline;
	size_t *kept, count;
	uint64_t off; /* see timeline_choose() */
};

/* False if out of memory. */
bool chosen_init(struct chosen *c, const struct timeline *t, size_t most);
void chosen_free(struct chosen *c);

/* Members: times, gaps, total, and of the machine what is available and swapped; with a comma
 * behind them. */
void chosen_write(const struct chosen *c, FILE *out);

/* `values` has one for each instant of the timeline. */
void series_write(const struct chosen *c, const uint64_t *values, FILE *out);

#endif
