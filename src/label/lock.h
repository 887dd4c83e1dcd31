/*
 * lock: who may change a table.
 *
 * No signal is blocked and no system call made unless another thread has the lock: a program may
 * be in a sandbox that kills it for either. So a signal handler may find that its own thread has
 * the lock. It leaves its changes in the table, and whoever has the lock makes them before the end.
 *
 * A lock may never be given back: its thread jumped out of a handler, or is not in this process,
 * which clone() made. Nobody waits for ever. A copy begins with an empty table; else the table is
 * given up, readers see that, and who has the lock empties it if it comes back. There are fewer
 * names then, but no false ones.
 */
#ifndef LABEL_LOCK_H
#define LABEL_LOCK_H

#include "label/layout.h"

#include <stdbool.h>

/* Of the lock of a table that was given up. */
#define LOCK_GIVEN_UP (UINT32_C(1) << 30)

enum lock_answer {
	LOCK_TAKEN,
	LOCK_OWN,  /* this thread has it already: lock_defer() */
	LOCK_LOST, /* the table was given up */
};

enum lock_answer lock_take(struct layout *t);

/* Makes the changes that were deferred. */
void lock_release(struct layout *t);

/* After LOCK_OWN. */
void lock_defer(struct layout *t, const struct layout_change *change);

/* Makes a change. After LOCK_TAKEN. */
void lock_apply(struct layout *t, const struct layout_change *change);

/* Around fork(), so that the child has a whole table. But an allocator may map memory while it has
 * a lock of its own for which the fork waits in turn: who has waited for a fork for some time takes
 * the lock away from it. */
void lock_before_fork(struct layout *t);
void lock_after_fork(struct layout *t);
void lock_after_fork_in_child(struct layout *t);

#endif
