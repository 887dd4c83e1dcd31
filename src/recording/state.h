/*
 * state: all groups at a sample, reconstructed from the changes before it; for src/recording/ only.
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

/* Removes all groups, as at the start of a whole state. */
void past_state_clear(struct past_state *s);

/* Reads the rows of the samples from `first` to `last`, one sample after the other, and verifies
 * their checksums. `take` gets each row after it was added to the state, and `end` each sample
 * after all of its rows. Both may be NULL. 0, or -1 with *e. */
struct past_reading {
	struct past_state *state;
	int (*take)(void *ctx, const struct usage *row, struct error *e);
	int (*end)(void *ctx, const struct sample *s, struct error *e);
	void *ctx;
};
int past_read(const struct database *d, const struct past_reading *r, uint64_t first, uint64_t last,
	      struct error *e);

#endif
