/*
 * thread_id: the process that a thread belongs to.
 *
 * In /proc, a thread has a directory like a process, though it is not listed; its smaps shows the
 * memory of the process.
 */
#ifndef SOURCE_THREAD_ID_H
#define SOURCE_THREAD_ID_H

#include <stddef.h>
#include <sys/types.h>

/* Replaces ids of threads of the running system by those of their processes. Call it before
 * entering the sandbox (cli/sandbox.h), which refuses the one call that tells them apart
 * cheaply. */
void thread_ids_to_processes(pid_t *ids, size_t count);

#endif
