/*
 * thread: where the memory of a process is whose main thread has ended.
 *
 * Such a process lives on, but its files in /proc tell of no memory. Those of its other threads do.
 */
#ifndef SOURCE_THREAD_H
#define SOURCE_THREAD_H

#include "source/io.h"

struct thread {
	struct procdir dir;
	char prefix[64];
};

/* A thread of the process that has memory. False if there is none. */
bool thread_find(struct thread *t, struct io *io, const struct procdir *process);

#endif
