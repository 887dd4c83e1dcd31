/*
 * gate: lets what a reader finds through to a sink, until that is taken from it.
 *
 * A reader that hangs in a system call cannot be stopped. But what it finds goes through its sink;
 * so when the gate is shut it can be left where it is. When it comes back it
 * finds an error at the gate, ends as after any other, and frees what it has.
 *
 * One thread goes in and out, another may shut the gate.
 */
#ifndef COLLECT_REVOCABLE_H
#define COLLECT_REVOCABLE_H

#include "source/source.h"

#include <stdatomic.h>

struct revocable {
	struct sink sink; /* the reader's */
	const struct sink *behind;
	atomic_ulong sequence; /* how often somebody went through, either way: odd is inside */
	struct at_hand {       /* behind the gate */
		pid_t pid;
		bool begun; /* the sink was told of it, */
		bool ended; /* and is not to hear more */
	} at_hand;
};

void revocable_init(struct revocable *g, const struct sink *behind);

/* Inside: the next process comes. */
void revocable_next(struct revocable *g, pid_t pid);

/* Between these two, the thread has what lies behind the gate. False if that was shut. */
bool revocable_enter(struct revocable *g);
void revocable_leave(struct revocable *g);

/* False if somebody went through since that were its sequence, or is inside. */
bool revocable_revoke(struct revocable *g, unsigned long sequence);

#endif
