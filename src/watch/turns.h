/*
 * turns: which kept records are read again although their processes did nothing; for src/watch/
 * only.
 *
 * What a process shares with others changes without it: those whose relatives have begun or ended
 * are read at once, and each has its turn within a number of refreshes, as far as the budget
 * allows.
 */
#ifndef WATCH_TURNS_H
#define WATCH_TURNS_H

#include "watch/state.h"

struct turns {
	size_t length;	    /* refreshes in a turn */
	uint64_t budget_ns; /* for reading; 0 for unlimited */
	bool spares; /* leaves out processes that timed out: only activity may show that they are
			worth trying again */
	size_t due;  /* processes to be read, in fractions of a process: as many make one as there
			are refreshes in a turn */
};

/* Drops records from `s`, whose entries may be NULL, so that they are read: those in doubt, and the
 * oldest that are due; or as many as the budget allows, but at least one. False if out of memory.
 */
bool turns_choose(struct turns *t, struct past *past, struct state *s);

#endif
