/* trims: programs for which glibc's malloc holds memory that malloc_trim(3) would return. */
#ifndef CLI_TRIMS_H
#define CLI_TRIMS_H

#include "model/record.h"

struct trims {
	struct trim {
		char *name; /* of the processes */
		uint64_t processes;
		uint64_t anonymous; /* bytes, resident or swapped */
		struct heap_use heap;
	} * list; /* when finished: those worth reporting, the largest first */
	size_t count;
};

/* Counts a process. False if out of memory. */
bool trims_add(struct trims *t, const struct record *r, const char *name);
void trims_finish(struct trims *t);
void trims_free(struct trims *t);

/* Advice, in one sentence. */
extern const char trim_advice[];

#endif
