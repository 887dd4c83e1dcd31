/*
 * naming: by whose word the private anonymous memory of processes is known.
 */
#ifndef MODEL_NAMING_H
#define MODEL_NAMING_H

#include "model/record.h"

enum word {
	WORD_PROCESS, /* it has a name that its process gave it */
	WORD_KERNEL,  /* the kernel says what it is, as [heap] and [stack] */
	WORD_GUESS,
	WORD_NONE, /* bare [anon] */
	WORD_COUNT
};

struct naming {
	uint64_t pss[WORD_COUNT]; /* bytes */
};

/* Whether a label is a name that a process gave its memory, shared memory included. */
bool label_is_given(struct slice label);

/* Counts the memory of a process; `by` has KEY_KIND and KEY_LABEL. */
void naming_add(struct naming *n, const struct record *r, const struct grouping *by,
		const struct intern *symbols);

#endif
