/*
 * revocable: a sink that hands on to another one until that is taken from it.
 *
 * A reader that hangs in a system call cannot be stopped. But what it finds goes through its sink;
 * so once that is revoked, the reader can be left where it is. When it comes back it gets an error
 * from the sink, ends as after any other, and frees what it has.
 *
 * One thread uses the sink, another one may revoke it.
 */
#ifndef COLLECT_REVOCABLE_H
#define COLLECT_REVOCABLE_H

#include "source/source.h"

#include <stdatomic.h>

struct revocable {
	struct sink sink; /* the reader's */
	const struct sink *behind;
	atomic_ulong sequence; /* counts each beginning and end of a call: odd is inside of one */
	struct at_hand {
		pid_t pid;
		bool begun; /* the sink was told of it, */
		bool ended; /* and is not to hear more */
	} at_hand;
};

void revocable_init(struct revocable *r, const struct sink *behind);

/* Inside: the next process comes. */
void revocable_next(struct revocable *r, pid_t pid);

/* Between these two, the thread is inside: it has what lies behind. False if it was revoked. */
bool revocable_enter(struct revocable *r);
void revocable_leave(struct revocable *r);

/* False if the thread was inside since `sequence` was read, or is. */
bool revocable_revoke(struct revocable *r, unsigned long sequence);

#endif
