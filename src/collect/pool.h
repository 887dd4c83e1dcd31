/*
 * pool: the threads of a reading.
 *
 * The kernel reads the memory map of a process with its lock held, and waits if somebody else holds
 * that: a process that waits for a server which does not answer, or one that means harm. Only a
 * signal that kills ends such a wait. So if nothing comes of a process of the running system within
 * the timeout of five seconds (less if there are several), neither a call of the sink nor processor
 * time, its thread is abandoned, the process counts as not read, and another thread continues the
 * job. The thread ends when the process does, or anonmem; until then, the process is not tried
 * again.
 */
#ifndef COLLECT_POOL_H
#define COLLECT_POOL_H

#include "source/source.h"

/* What one thread at a time has to read. All functions get `ctx`, and none is called while another
 * one, or one of the sink, runs. */
struct job {
	void *ctx;
	const struct sink *sink;
	struct reading reading;
	/* The next target; false when there is none left. */
	bool (*next)(void *ctx, struct target *target);
	/* With the status and the error of reader_read(), unless it is given up: */
	void (*ended)(void *ctx, int status, const struct error *e);
	/* the process timed out, as *why says. `begun` if the sink knows of it; of one that it does
	 * not, all that is known is the pid. */
	void (*give_up)(void *ctx, pid_t pid, bool begun, const struct error *why);

	struct read_stats cost; /* the pool's: of all readers, in the end */
};

/* Does all jobs. If a thread cannot start, the others do its part; if none can, this one
 * does it all, and may hang. 0, or -1 with *e when it could not even begin. */
int pool_read(const struct source *source, struct job *const *jobs, unsigned count,
	      struct error *e);

/* Whether a thread that was abandoned is still there. Until it comes back, a signal that stops this
 * process does not stop all of it, and a caller that waits for that waits for ever. */
bool pool_has_abandoned_any(void);

#endif
