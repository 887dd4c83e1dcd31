/*
 * naming: how the private anonymous memory of processes is known.
 */
#ifndef MODEL_NAMING_H
#define MODEL_NAMING_H

#include "model/record.h"

enum word {
	WORD_PROCESS, /* named by its process */
	WORD_KERNEL,  /* described by the kernel, such as [heap] and [stack] */
	WORD_GUESS,   /* guessed */
	WORD_NONE,    /* unknown: bare [anon] */
	WORD_COUNT
};

/* The words for these in output. */
extern const char *const word_names[WORD_COUNT];

struct naming {
	uint64_t pss[WORD_COUNT]; /* bytes */
};

/* Whether a label is a name that a process gave its memory, including shared memory. */
bool label_is_given(struct slice label);

/* Adds the memory of a process; nothing if `by` lacks KEY_KIND or KEY_LABEL. */
void naming_add(struct naming *n, const struct record *r, const struct grouping *by,
		const struct intern *symbols);

/* Adds the figures of other processes. */
void naming_join(struct naming *n, const struct naming *other);

uint64_t naming_total(const struct naming *n);

/* The percentage of `all`; memory that was not counted is WORD_NONE, so `all` is at least
 * everything else. 0 if `all` is 0. */
double naming_percent(const struct naming *n, uint64_t all, enum word word);

#endif
