/*
 * watch: reads the same processes at each refresh, cheaply.
 *
 *	w = watch_new(options)
 *	watch_refresh(w, source)	any number of times; a source is the same or a later one
 *	watch_zero(w)			makes the current state the start
 *	watch_free(w)
 *
 * It keeps the record of each process, by the finest keys requested, so that a view (view.h) by
 * coarser keys can be made without reading. The record is kept while the process does nothing, or
 * runs only briefly without changing its maps, and while it belongs to the same user and control
 * group. Some of these processes are read again nevertheless, as far as the budget allows, since
 * what they share with others may have changed: those whose relatives have begun or ended
 * (relatives.h), and the oldest, so that each has its turn within a number of refreshes.
 *
 * Memory use grows with labels and processes; unused memory is freed.
 */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include "collect/collect.h"
#include "model/shares.h"
#include "model/snapshot.h"
#include "watch/past.h"
#include "watch/state.h"
#include "watch/swap_sharers.h"
#include "watch/turns.h"

struct watch_options {
	struct collect_options collecting; /* without targets; `by` from watch_grouping() */
	uint64_t budget_ns; /* for reading processes that did nothing; 0 for unlimited */
	size_t files;	    /* number of files that may stay open between refreshes */
	unsigned turn;	    /* refreshes within which each process has its turn; 0: TURN */
	bool rare;	    /* refreshes are so rare that each looks closely at all processes */
	bool forgets;	    /* keeps nothing from before the last refresh: no view will be made */
	bool spares;	    /* reads a process that timed out again only if it has done something */
};

enum { TURN = 200 };

struct watch {
	struct watch_options options;
	struct intern symbols; /* of all records */
	size_t symbols_kept;   /* number in use when last checked */
	uint64_t moves;

	uint64_t refresh; /* number of refreshes so far */
	uint64_t first; /* number of the refresh that has none before it: 1, except for a recording
			 */
	struct state now, before, start;
	struct past past;	     /* states before that */
	struct stat_handle *handles; /* in ascending order of pids */
	size_t handle_count;
	struct turns turns;
	bool shows_cgroups; /* a view is by control groups, or what follows from them */
	uint64_t starts;    /* number of new starts */

	/* From the last refresh. */
	enum source_kind source;
	struct machine machine;
	struct coverage coverage;
	struct read_stats stats;
	struct naming naming;
	struct problems problems;
	struct shares shares; /* of swapped shared memory, now */
	struct swap_sharers sharers;
	uint64_t kept;		     /* processes that were not read again */
	uint64_t reading_ns, cpu_ns; /* elapsed time and CPU time of the reading */
	uint64_t sample;	     /* for a recording; otherwise 0 */
	uint64_t unshown; /* refreshes that the user does not see: samples of a recording, read for
			     the history */
};

/* The keys to watch by so that any view of `wanted` can be made: all keys, except that command
 * lines, files and mappings are included only if wanted. */
struct grouping watch_grouping(const struct grouping *wanted);

/* Options are copied; pointers in them are borrowed. NULL if out of memory. */
struct watch *watch_new(const struct watch_options *options);
void watch_free(struct watch *w);

/* The number of the last refresh, as shown to users. */
static inline uint64_t watch_number(const struct watch *w)
{
	return w->refresh - w->unshown;
}

/* Whether the last refresh has none before it. */
static inline bool watch_begins(const struct watch *w)
{
	return w->refresh == w->first;
}

/* 0, or -1 with *e and the watch unchanged. */
int watch_refresh(struct watch *w, const struct source *source, struct error *e);

/* For recorded.c: makes a state the current one, and leaves the argument empty. With `begins`,
 * nothing before it counts. The caller sets everything else of a refresh. 0, or -1 with *e. */
int watch_accept(struct watch *w, struct state *state, bool begins, struct error *e);

/* The naming of the processes that have a value of a key. The key must be one, such as KEY_USER, of
 * which a process has only one value. Returns the number of processes. */
size_t watch_naming(const struct watch *w, enum key key, struct slice value, struct naming *n);

/* False if out of memory, with the start unchanged. */
bool watch_zero(struct watch *w);

#endif
