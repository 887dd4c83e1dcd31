/*
 * thread: finds the memory of a process whose main thread has ended.
 *
 * Such a process continues, but its files in /proc show no memory. The files of its other threads
 * do.
 */
#ifndef SOURCE_THREAD_H
#define SOURCE_THREAD_H

#include "source/io.h"

struct thread {
	struct procdir dir;
	char prefix[64];
};

/* Finds a thread of the process that has memory. False if there is none. */
bool thread_find(struct thread *t, struct io *io, const struct procdir *process);

#endif
