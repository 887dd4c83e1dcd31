/*
 * naming: by whose word the private anonymous memory of processes is known.
 */
#ifndef MODEL_NAMING_H
#define MODEL_NAMING_H

#include "model/record.h"

enum word {
	WORD_PROCESS, /* named: its process gave it a name */
	WORD_KERNEL,  /* known: the kernel says what it is, as [heap] and [stack] */
	WORD_GUESS,   /* guessed */
	WORD_NONE,    /* unknown: bare [anon] */
	WORD_COUNT
};

/* What each is called, wherever people read of it. */
extern const char *const word_names[WORD_COUNT];

struct naming {
	uint64_t pss[WORD_COUNT]; /* bytes */
};

/* Whether a label is a name that a process gave its memory, shared memory included. */
bool label_is_given(struct slice label);

/* Counts the memory of a process; `by` has KEY_KIND and KEY_LABEL. */
void naming_add(struct naming *n, const struct record *r, const struct grouping *by,
		const struct intern *symbols);

/* Adds what was counted of other processes. */
void naming_join(struct naming *n, const struct naming *other);

uint64_t naming_total(const struct naming *n);

/* How much of `all`, which is at least what is not WORD_NONE: what `all` has beyond that is
 * unknown. 0 of nothing. */
double naming_percent(const struct naming *n, uint64_t all, enum word word);

#endif
