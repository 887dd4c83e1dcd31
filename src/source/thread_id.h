/*
 * thread_id: the process that a thread belongs to.
 *
 * In /proc, a thread has a folder as a process has, though none that is listed, and what is in its
 * smaps is the memory of its process.
 */
#ifndef SOURCE_THREAD_ID_H
#define SOURCE_THREAD_ID_H

#include <stddef.h>
#include <sys/types.h>

/* Replaces ids of threads of the running system by those of their processes. To be called before
 * cli/sandbox.h, where the one call that tells them apart cheaply is refused. */
void thread_ids_to_processes(pid_t *ids, size_t count);

#endif
