/* state: the records of all processes at one time; for src/watch/ only. */
#ifndef WATCH_STATE_H
#define WATCH_STATE_H

#include "model/naming.h"
#include "model/record.h"
#include "source/activity.h"
#include "watch/past.h"

/* The record of a process, when it was read, and the process's activity until then. Immutable,
 * except that its symbols may move, that activity without effect is updated, and that it may be
 * doubted; states share it by reference count. */
struct watched {
	unsigned holders;
	uint64_t moved; /* number of the symbol table that its keys belong to */
	pid_t pid;
	bool doubted; /* see relatives.h */
	struct activity activity;
	uint64_t read_at; /* number of the refresh */
	struct record *record;
	struct naming naming;
	struct sizes *sizes; /* a reference; NULL until the record is part of the past */
};

/* Which process counts the memory of a process. */
struct owner {
	pid_t pid;   /* another process that counts it; 0 for the process itself */
	bool shares; /* the memory is shared with others */
	bool maybe;  /* looks shared, but could not be compared */
};

/* All processes at one time, in ascending order of pids. */
struct state {
	struct watched **processes;
	struct owner *owners; /* one for each process */
	size_t count;
};

/* The record of a process, with its owner filled in. What it points to belongs to the state. */
struct record state_record(const struct state *s, size_t process);

/* Sets up `count` processes, all NULL, each with its own memory. False if out of memory; call
 * state_free() in any case. References to sizes are returned to `past`. */
bool state_init(struct state *s, size_t count);
void state_free(struct past *past, struct state *s);

/* False if out of memory, with `to` unchanged. */
bool state_copy(struct past *past, struct state *to, const struct state *from);

/* Adds the sizes of all processes to the past, as its newest moment. False if it has no room for
 * them, or if out of memory. */
bool state_keep(struct past *past, const struct state *s, const struct grouping *by);

/* Drops a reference. NULL is allowed. */
void watched_release(struct past *past, struct watched *p);

#endif
