/*
 * shared_memory: which processes of a capture share an address space, from its file shared-memory;
 * for src/source/ only.
 *
 * Each line lists the pids of processes that share one, separated by blanks. An empty file means
 * that none do; without a file, nothing is known.
 */
#ifndef SOURCE_SHARED_MEMORY_H
#define SOURCE_SHARED_MEMORY_H

#include "source/handle.h"

/* Fills s->shared if the source is a capture with such a file. 0, or -1 with *e. */
int shared_memory_read(struct source *s, struct error *e);
void shared_memory_free(struct shared_memory *m);

#endif
