/*
 * state: what there was at a sample, put together from the changes before it; for src/recording/
 * only.
 */
#ifndef RECORDING_STATE_H
#define RECORDING_STATE_H

#include "recording/sample.h"
#include "recording/usage.h"

/* Groups by their number; one that is gone has no processes. */
struct past_state {
	struct intern numbers;
	struct usage *list; /* by symbol of the number */
	uint32_t capacity;
};

void past_state_init(struct past_state *s);
void past_state_free(struct past_state *s);

/* The row of a group, all zero if it is new; NULL if out of memory. */
struct usage *past_state_at(struct past_state *s, uint64_t grp);

/* All groups are gone, as where a whole state begins. */
void past_state_clear(struct past_state *s);

/* Reads the rows of the samples from `first` to `last`, one sample after the other, and checks that
 * each is what was written. `take` gets each row after it is in the state, and `end` each sample
 * when all of its rows are. Both may be NULL. 0, or -1 with *e. */
struct past_reading {
	struct past_state *state;
	int (*take)(void *ctx, const struct usage *row, struct error *e);
	int (*end)(void *ctx, const struct sample *s, struct error *e);
	void *ctx;
};
int past_read(const struct database *d, const struct past_reading *r, uint64_t first, uint64_t last,
	      struct error *e);

#endif
