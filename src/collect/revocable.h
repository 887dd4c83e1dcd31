/*
 * revocable: a sink that passes calls on to another one until it is revoked.
 *
 * A reader that hangs in a system call cannot be stopped. But its results go through its sink; once
 * that is revoked, the reader can be left behind. When it comes back, the sink returns an error,
 * and the reader ends as after any other error and frees its memory.
 *
 * One thread uses the sink; another one may revoke it.
 */
#ifndef COLLECT_REVOCABLE_H
#define COLLECT_REVOCABLE_H

#include "source/source.h"

#include <stdatomic.h>

struct revocable {
	struct sink sink; /* for the reader */
	const struct sink *behind;
	atomic_ulong sequence; /* incremented at the start and end of each call: odd while inside */
	struct at_hand {
		pid_t pid;
		bool begun; /* the sink was told about it */
		bool ended; /* the sink is not to hear more about it */
	} at_hand;
};

void revocable_init(struct revocable *r, const struct sink *behind);

/* Called inside: sets the next process. */
void revocable_next(struct revocable *r, pid_t pid);

/* Enters and leaves the sink behind; between these calls the thread is "inside". False if
 * revoked. */
bool revocable_enter(struct revocable *r);
void revocable_leave(struct revocable *r);

/* False if the thread is inside, or has been since `sequence` was read. */
bool revocable_revoke(struct revocable *r, unsigned long sequence);

#endif
