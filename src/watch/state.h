/* state: the records of all processes at one time; for src/watch/ only. */
#ifndef WATCH_STATE_H
#define WATCH_STATE_H

#include "model/naming.h"
#include "model/record.h"
#include "source/activity.h"
#include "watch/past.h"

/* The record of a process, when it was made, and what the process had done by then. It does not
 * change, but for its symbols when they move, and for what it did since that changed nothing;
 * several states may hold it. */
struct watched {
	unsigned holders;
	uint64_t moved; /* the table of symbols that its keys are of */
	pid_t pid;
	struct activity activity;
	uint64_t read_at; /* number of the refresh */
	struct record *record;
	struct naming naming;
	struct sizes *sizes; /* held; NULL until it is past */
};

/* Whose the memory of a process is. */
struct owner {
	pid_t pid;   /* of another process, which counts it; 0 for its own */
	bool shares; /* it is one of several that have it */
	bool maybe;  /* they look as if they did, and could not be compared */
};

/* All processes at one time, in ascending order of pids. */
struct state {
	struct watched **processes;
	struct owner *owners; /* one for each */
	size_t count;
};

/* The record of a process, and whose its memory is. What it points to is the state's. */
struct record state_record(const struct state *s, size_t process);

/* Holds of sizes are given back to `past`.
 *
 * `count` processes, all NULL, each with a memory of its own. False if out of memory;
 * state_free() in any case. */
bool state_init(struct state *s, size_t count);
void state_free(struct past *past, struct state *s);

/* False if out of memory; `to` is then as it was. */
bool state_copy(struct past *past, struct state *to, const struct state *from);

/* One holder less. NULL is allowed. */
void watched_release(struct past *past, struct watched *p);

#endif
