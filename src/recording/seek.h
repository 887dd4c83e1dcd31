/*
 * seek: finds samples of a recording by their place in time.
 *
 * Functions return 1, 0 if there is no such sample, or -1 with *e. `from` is the sample to start
 * at.
 */
#ifndef RECORDING_SEEK_H
#define RECORDING_SEEK_H

#include "recording/reader.h"
#include "recording/sample.h"

enum direction { BACK, FORTH };

/* The first sample that remains. */
int seek_first(struct recording *r, struct sample *found, struct error *e);

/* The first sample of a run. */
int seek_begin(struct recording *r, uint64_t run, struct sample *found, struct error *e);

int seek_next(struct recording *r, const struct sample *from, enum direction to,
	      struct sample *found, struct error *e);

/* The sample that far away, by the elapsed time of the recording, but at least the next one. */
int seek_move(struct recording *r, const struct sample *from, enum direction to, uint64_t ms,
	      struct sample *found, struct error *e);

/* The sample at a time written as for recording_find(). */
int seek_find(struct recording *r, const char *time, struct sample *found, struct error *e);

/* The first sample with at least this number, which may itself have been thinned out; or the last
 * one of all. */
int seek_number(struct recording *r, uint64_t number, struct sample *found, struct error *e);

/* Whether two runs were recorded in different boots. 0, or -1 with *e. */
int seek_is_other_boot(const struct recording *r, uint64_t run, uint64_t other, bool *is,
		       struct error *e);

/* The gap between a sample and the one before it. */
struct gap {
	bool first;    /* there is none before it */
	bool rebooted; /* it belongs to another boot */
	uint64_t ms;   /* how long nothing was recorded; 0 if the samples are successive */
};
int seek_gap(struct recording *r, const struct sample *s, struct gap *gap, struct error *e);

/* The next marked sample: taken for a reason, or after a gap or lost samples. `marked` is the
 * number of one more; 0 for none. */
int seek_mark(struct recording *r, const struct sample *from, enum direction to, uint64_t marked,
	      struct sample *found, struct error *e);

/* The position of a sample among those that remain, from 1, and their number. 0, or -1 with *e. */
int seek_place(struct recording *r, const struct sample *s, uint64_t *index, uint64_t *count,
	       struct error *e);

#endif
