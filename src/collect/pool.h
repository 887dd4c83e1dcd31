/*
 * pool: the reader threads.
 *
 * The kernel holds the mmap lock of a process while it prints the memory map, and waits if the lock
 * is taken, which can last: the process may wait for a file server that does not answer, or be
 * malicious. Only a fatal signal interrupts such a wait. So if reading a process of the running
 * system makes no progress (neither a call of the sink nor CPU time) for five seconds, or less if
 * there are several such processes, its thread is abandoned, the process counts as not read, and
 * another thread continues the job. The abandoned thread ends when the process or anonmem does;
 * until then, the process is not tried again.
 */
#ifndef COLLECT_POOL_H
#define COLLECT_POOL_H

#include "source/source.h"

/* What one thread at a time reads. All functions get `ctx`; none is called while another one, or
 * one of the sink, is running. */
struct job {
	void *ctx;
	const struct sink *sink;
	struct reading reading;
	/* Sets the next target; false if there is none. */
	bool (*next)(void *ctx, struct target *target);
	/* Called with the status and error of reader_read(), or instead of it: */
	void (*ended)(void *ctx, int status, const struct error *e);
	/* the process timed out, for the reason in *why. `begun` tells whether the sink knows the
	 * process; if not, only its pid is known. */
	void (*give_up)(void *ctx, pid_t pid, bool begun, const struct error *why);

	struct read_stats cost; /* set by the pool: total of all readers */
};

/* Runs all jobs. If a thread cannot start, the others do its part; if none can, the calling thread
 * does all of it, and may hang. 0, or -1 with *e if not even that could begin. */
int pool_read(const struct source *source, struct job *const *jobs, unsigned count,
	      struct error *e);

/* Whether there is an abandoned thread. Until it comes back, a stop signal does not stop all of
 * this process, and a caller that waits for that waits forever. */
bool pool_has_abandoned_any(void);

#endif
