/*
 * stacks: the rows of a timeline added up by each of their keys alone; for history.c only.
 *
 *	stacks_init(&s, snapshot)
 *	for each sample:
 *		stacks_clear(&s)
 *		stacks_add(&s, row, known, bytes)...
 *		stacks_note(&s, at)
 *	stacks_choose(&s, timeline)	the largest get tracks; samples are then noted again
 *	stacks_free(&s)
 */
#ifndef RECORDING_STACKS_H
#define RECORDING_STACKS_H

#include "model/timeline.h"

struct stacks {
	const struct snapshot *snapshot;
	struct stack_sums {
		struct intern values; /* symbols of a key, as bytes */
		struct stack_sum {
			uint64_t now, peak;
			bool known; /* at the current sample */
			size_t peak_at;
			uint32_t group;	     /* a group with this value */
			struct track *track; /* or NULL */
		} * list;
		uint32_t capacity;
	} of[KEY_COUNT];
	uint32_t *places; /* for each row and key, the place in the list of sums */
	uint32_t rows, capacity;
};

void stacks_init(struct stacks *s, const struct snapshot *snapshot);
void stacks_free(struct stacks *s);

/* Adds the groups that the snapshot got since the last call. False if out of memory. */
bool stacks_learn(struct stacks *s);

void stacks_clear(struct stacks *s);
void stacks_add(struct stacks *s, uint32_t row, bool known, uint64_t bytes);
void stacks_note(struct stacks *s, size_t at);

/* False if out of memory. */
bool stacks_choose(struct stacks *s, struct timeline *t);

#endif
