/*
 * driver: refreshes a watch at intervals, from the running system or a replay.
 *
 *	driver_open(&d, options)
 *	driver_refresh(&d)		when it is due
 *	driver_close(&d)
 *
 * Both the screen and the batch mode of `anonmem top` use it; they differ in what they do in
 * between.
 */
#ifndef WATCH_DRIVER_H
#define WATCH_DRIVER_H

#include "watch/recorded.h"
#include "watch/replay.h"
#include "watch/watch.h"

struct driver_options {
	const char *root;      /* as for replay_open() */
	struct source *source; /* likewise */
	struct player *player; /* for a recording, whose path is `root`; otherwise NULL */
	const char *time;      /* where to begin in the recording; NULL for the default */
	bool from_first; /* the default is the first sample, not the last, and growth counts from
			    where it begins */
	const pid_t *pids;
	size_t pid_count; /* 0 for all processes */
	struct watch_options watching;
	bool rereads; /* reads the last tree again: another system's /proc, or one that changes */
	uint64_t delay_ns;   /* interval between refreshes */
	uint64_t iterations; /* 0 for unlimited */
};

struct driver {
	struct driver_options options; /* pointers in it are borrowed */
	struct replay replay;
	struct recorded recorded;
	struct watch *watch;	  /* for a recording: NULL before the first refresh */
	uint64_t watch_number;	  /* increases with each new watch of a recording */
	uint64_t due;		  /* time of the next refresh, in ns of CLOCK_MONOTONIC */
	uint64_t cpu_ns, wall_ns; /* at the last refresh */
	double percent; /* of one CPU, used since the previous refresh; negative if unknown */
};

/* Parses a delay in seconds. False if it is out of range: with a tiny delay, a watch would only
 * read. */
#define DELAY_RANGE "0.01 to 86400 seconds"
bool driver_parse_delay(const char *text, uint64_t *ns);

/* 0, or -1 with *e; driver_close() in any case. */
int driver_open(struct driver *d, const struct driver_options *options, struct error *e);
void driver_close(struct driver *d);

/* Which other sample of a recording to go to. */
struct travel {
	enum {
		TRAVEL_SAMPLE, /* the next one */
		TRAVEL_TIME,   /* the one `ms` away */
		TRAVEL_MARK,   /* the next marked one */
		TRAVEL_FIND,   /* the one at the time `text` */
		TRAVEL_NUMBER, /* the one with a given number */
	} how;
	enum direction to;
	uint64_t ms, number;
	const char *text;
};

/* Goes to another sample. 1, 0 if there is no such sample, or -1 with *e; on ERROR_USAGE, the same
 * sample is still shown. */
int driver_travel(struct driver *d, const struct travel *t, struct error *e);

/* Does the next refresh. Returns 1, 0 if there is nothing else to read, or -1 with *e. The first
 * refresh fails if nothing that was requested could be read. */
int driver_refresh(struct driver *d, struct error *e);

/* Reads the same source once more for another watch, limited to some processes. 0, or -1 with *e.
 */
int driver_read(const struct driver *d, struct watch *w, const pid_t *pids, size_t count,
		struct error *e);

/* Changes the keys of the watch, and reads once; not for a recording. 0, or -1 with *e. */
int driver_watch_by(struct driver *d, const struct grouping *by, struct error *e);

/* Whether only some processes or memory are selected, by pid or otherwise. */
bool driver_selects(const struct driver *d);

/* Whether the requested number of refreshes is done. */
bool driver_is_done(const struct driver *d);

/* Changes the delay; requests a refresh at once. */
void driver_set_delay(struct driver *d, uint64_t ns);
void driver_hurry(struct driver *d);

/* The time until the next refresh is due, in ns. */
uint64_t driver_time_left(const struct driver *d);

/* The path that the last refresh read. */
const char *driver_path(const struct driver *d);

#endif
