/*
 * watch: the same processes read again and again, cheaply.
 *
 *	w = watch_new(options)
 *	watch_refresh(w, source)	as often as wanted; each source as the one before or later
 *	watch_zero(w)			what there is now is the start
 *	watch_free(w)
 *
 * What is kept of each process are its groups by the finest keys that anybody asked for, so that a
 * view (view.h) of any coarser ones can be made without reading. A process whose pulse is that of
 * when it was last read keeps its groups. A few of those are read all the same, the oldest first,
 * so that each has its turn within TURN refreshes as long as that fits into the budget: what others
 * share with it may have changed.
 *
 * Memory grows with labels and processes; what is no longer used is given back.
 */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include "collect/collect.h"
#include "watch/replay.h"

struct watch_options {
	struct collect_options
		collecting; /* without each and targets; `by` from watch_grouping() */
	uint64_t budget_ns; /* for reading what did nothing; 0 for any time */
	size_t files;	    /* that may stay open between refreshes */
};

enum { TURN = 200 };

/* How much of the private anonymous memory is known by name, in bytes of PSS. */
struct naming {
	uint64_t named;	   /* by its program or by the kernel, such as [heap] */
	uint64_t inferred; /* a guess */
	uint64_t unnamed;
};

/* One process, read once. It does not change; several states may hold it. */
struct record {
	unsigned holders;
	uint64_t moved; /* see move_symbols() */
	pid_t pid;
	struct activity activity;
	uint64_t read_at; /* number of the refresh */
	bool wanted;	  /* by the selection; else the rest means nothing, */
	bool in_doubt;	  /* but that it could be */
	enum outcome outcome;
	bool swaps_shared;
	struct read_stats stats; /* how it was read, as in a finding */
	uint32_t count;
	struct group *groups;
	symbol *keys; /* by.count for each group */
	struct naming naming;
};

/* All processes at one time, in ascending order of pids. */
struct state {
	struct record **records;
	size_t count;
};

struct watch {
	struct watch_options options;
	struct intern symbols; /* of all records */
	size_t symbols_kept;   /* how many of them were in use last time that was looked at */
	uint64_t moves;

	uint64_t refresh; /* how many there were */
	struct state now, before, start;
	struct stat_handle *handles; /* in ascending order of pids */
	size_t handle_count;
	size_t due; /* what did nothing and is to be read all the same, in TURNths of a process */
	uint64_t starts; /* how often there was a new start */

	/* Of the last refresh. */
	enum source_kind source;
	struct machine machine;
	struct coverage coverage;
	struct read_stats stats;
	struct naming naming;
	uint64_t kept, shared_swappers, unidentified;
	uint64_t reading_ns, cpu_ns; /* time that it took, and processor time */
	struct problem *problems;
	size_t problem_count;
};

/* The keys to watch by so that views of `wanted` can be had: all, but files and mappings only if
 * they are wanted. */
struct grouping watch_grouping(const struct grouping *wanted);

/* Options are copied, what they point to is borrowed. NULL when there is no memory. */
struct watch *watch_new(const struct watch_options *options);
void watch_free(struct watch *w);

/* 0, or -1 with *e: the watch is then as it was before. */
int watch_refresh(struct watch *w, const struct source *source, struct error *e);

/* The same with what a feed has now, limited to `pids` if there are any. */
int watch_replay(struct watch *w, const struct replay *replay, const pid_t *pids, size_t count,
		 struct error *e);

/* False when there is no memory; the start is then what it was. */
bool watch_zero(struct watch *w);

#endif
