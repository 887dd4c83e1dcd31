/*
 * watch: reads the same processes at each refresh, cheaply.
 *
 *	w = watch_new(options)
 *	watch_refresh(w, source)	as often as wanted; each source as the one before or later
 *	watch_zero(w)			what there is now is the start
 *	watch_free(w)
 *
 * What is kept of each process is its record, by the finest keys that anybody asked for, so that a
 * view (view.h) of any coarser ones can be made without reading. A process that did nothing since
 * it was last read keeps its record, and so does one that ran for a moment and has the same maps. A
 * few of those are read nevertheless, the oldest first, so that each has its turn within TURN
 * refreshes as long as that fits into the budget: what others share with it may have changed.
 *
 * Memory grows with labels and processes; what is no longer used is given back.
 */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include "collect/collect.h"
#include "model/shares.h"
#include "model/snapshot.h"
#include "watch/past.h"
#include "watch/state.h"

struct watch_options {
	struct collect_options collecting; /* without targets; `by` from watch_grouping() */
	uint64_t budget_ns;		   /* for reading what did nothing; 0 for any time */
	size_t files;			   /* that may stay open between refreshes */
	bool forgets;			   /* what was before the last refresh: no view is made */
};

enum { TURN = 200 };

struct watch {
	struct watch_options options;
	struct intern symbols; /* of all records */
	size_t symbols_kept;   /* how many of them were in use last time that was looked at */
	uint64_t moves;

	uint64_t refresh; /* how many there were */
	struct state now, before, start;
	struct past past;	     /* what was before that */
	struct stat_handle *handles; /* in ascending order of pids */
	size_t handle_count;
	size_t due; /* what did nothing and is to be read nevertheless, in TURNths of a process */
	uint64_t starts; /* how often there was a new start */

	/* Of the last refresh. */
	enum source_kind source;
	struct machine machine;
	struct coverage coverage;
	struct read_stats stats;
	struct naming naming;
	struct problems problems;
	struct shares shares;		 /* of what is swapped of shared memory now */
	struct others {			 /* processes that are not watched but may share it */
		struct record **records; /* only those that do */
		size_t count;
		uint64_t read_at; /* number of the refresh; 0 if they were not read */
	} others;
	uint64_t kept;		     /* processes that were not read again */
	uint64_t reading_ns, cpu_ns; /* time that it took, and processor time */
};

/* The keys to watch by that every view of `wanted` needs: all, but command lines, files and
 * mappings only if they are wanted. */
struct grouping watch_grouping(const struct grouping *wanted);

/* Options are copied, what they point to is borrowed. NULL if out of memory. */
struct watch *watch_new(const struct watch_options *options);
void watch_free(struct watch *w);

/* 0, or -1 with *e: the watch is then as it was before. */
int watch_refresh(struct watch *w, const struct source *source, struct error *e);

/* The naming of the processes that have a value for a key which is the same in all of a process, as
 * KEY_USER. Returns how many there are. */
size_t watch_naming(const struct watch *w, enum key key, struct slice value, struct naming *n);

/* False if out of memory; the start is then what it was. */
bool watch_zero(struct watch *w);

#endif
