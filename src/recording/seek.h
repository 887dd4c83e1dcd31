/*
 * seek: finds samples of a recording by where they are in time.
 *
 * Functions return 1, 0 if there is no such sample, or -1 with *e. `from` is the sample to start
 * at.
 */
#ifndef RECORDING_SEEK_H
#define RECORDING_SEEK_H

#include "recording/reader.h"
#include "recording/sample.h"

enum direction { BACK, FORTH };

/* The first sample that is left. */
int seek_first(struct recording *r, struct sample *found, struct error *e);

/* The first one of a run. */
int seek_begin(struct recording *r, uint64_t run, struct sample *found, struct error *e);

int seek_next(struct recording *r, const struct sample *from, enum direction to,
	      struct sample *found, struct error *e);

/* So long away, by the time that the recording has run; but at least the next one. */
int seek_move(struct recording *r, const struct sample *from, enum direction to, uint64_t ms,
	      struct sample *found, struct error *e);

/* At a time, as recording_find() knows it. */
int seek_find(struct recording *r, const char *time, struct sample *found, struct error *e);

/* The first one from a number on, in which samples that were thinned out are too; or the last of
 * all. */
int seek_number(struct recording *r, uint64_t number, struct sample *found, struct error *e);

/* What lies between a sample and the one before it. */
struct gap {
	bool first;    /* there is none before it */
	bool rebooted; /* it is of another boot */
	uint64_t ms;   /* for so long nothing was recorded; 0 if samples follow each other */
};
int seek_gap(struct recording *r, const struct sample *s, struct gap *gap, struct error *e);

/* The next one that is out of the ordinary: taken for a reason, or after a gap or lost samples.
 * `marked` is the number of another one; 0 for none. */
int seek_mark(struct recording *r, const struct sample *from, enum direction to, uint64_t marked,
	      struct sample *found, struct error *e);

/* Its number among those that are left, from 1, and how many these are. 0, or -1 with *e. */
int seek_place(struct recording *r, const struct sample *s, uint64_t *index, uint64_t *count,
	       struct error *e);

#endif
