/*
 * lock: which thread may change a table.
 *
 * No signal is blocked and no system call made unless another thread has the lock, since a sandbox
 * may kill the program for either. So a signal handler may find that its own thread has the lock.
 * It then leaves its changes in the table, and the owner of the lock makes them before it releases
 * the lock.
 *
 * A lock may never be released: its thread jumped out of a handler, or is not in this process,
 * which clone() made. Nobody waits forever. A copy of a process begins with an empty table;
 * otherwise the table is given up, which readers see, and the owner of the lock empties it if it
 * ever returns. Names are lost then, but none is wrong.
 */
#ifndef LABEL_LOCK_H
#define LABEL_LOCK_H

#include "label/layout.h"

#include <stdbool.h>

/* A flag in the lock of a table that was given up. */
#define LOCK_GIVEN_UP (UINT32_C(1) << 30)

enum lock_answer {
	LOCK_TAKEN,
	LOCK_OWN,  /* this thread has it already: lock_defer() */
	LOCK_LOST, /* the table was given up */
};

enum lock_answer lock_take(struct layout *t);

/* Makes the changes that were deferred. */
void lock_release(struct layout *t);

/* Call after LOCK_OWN. */
void lock_defer(struct layout *t, const struct layout_change *change);

/* Makes a change. Call after LOCK_TAKEN. */
void lock_apply(struct layout *t, const struct layout_change *change);

/* Call around fork(), so that the child has a consistent table. An allocator may map memory while
 * it has a lock of its own that the fork waits for, so a thread that has waited for the fork for
 * some time takes the lock away from it. */
void lock_before_fork(struct layout *t);
void lock_after_fork(struct layout *t);
void lock_after_fork_in_child(struct layout *t);

#endif
