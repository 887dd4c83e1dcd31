/*
 * driver: refreshes a watch from what there is to read, in time.
 *
 *	driver_open(&d, options)
 *	driver_refresh(&d)		when it is due
 *	driver_close(&d)
 *
 * The screen and the batch of `anonmem top` are both this, and differ in what they do in between.
 */
#ifndef WATCH_DRIVER_H
#define WATCH_DRIVER_H

#include "watch/replay.h"
#include "watch/watch.h"

struct driver_options {
	const char *root;      /* as replay_open() */
	struct source *source; /* likewise */
	const pid_t *pids;
	size_t pid_count; /* 0 for all processes */
	struct watch_options watching;
	uint64_t delay_ns;   /* between refreshes */
	uint64_t iterations; /* 0 for no end */
};

struct driver {
	struct driver_options options; /* what they point to is borrowed */
	struct replay replay;
	struct watch *watch;
	uint64_t due;		  /* when to refresh, in ns of CLOCK_MONOTONIC */
	uint64_t cpu_ns, wall_ns; /* at the last refresh */
	double percent; /* of one processor, taken since the refresh before; < 0 unknown */
};

/* A delay as people write it, in seconds. False unless it is in this range: with none, or next to
 * none, a watch would do nothing but read. */
#define DELAY_RANGE "0.01 to 86400 seconds"
bool driver_parse_delay(const char *text, uint64_t *ns);

/* 0, or -1 with *e; driver_close() in any case. */
int driver_open(struct driver *d, const struct driver_options *options, struct error *e);
void driver_close(struct driver *d);

/* Reads what is next. 1, 0 if there is nothing else to read, or -1 with *e. The first refresh fails
 * if nothing could be read of what was asked for. */
int driver_refresh(struct driver *d, struct error *e);

/* Reads the same once more for another watch, limited to some processes. 0, or -1 with *e. */
int driver_read(const struct driver *d, struct watch *w, const pid_t *pids, size_t count,
		struct error *e);

/* Watches by other keys from now on, and reads once. 0, or -1 with *e. */
int driver_watch_by(struct driver *d, const struct grouping *by, struct error *e);

/* Whether anything is left out: by pid, or by the selection. */
bool driver_selects(const struct driver *d);

/* Whether there was the number of refreshes that was asked for. */
bool driver_is_done(const struct driver *d);

/* Another delay, from now on; and a refresh at once. */
void driver_set_delay(struct driver *d, uint64_t ns);
void driver_hurry(struct driver *d);

/* How long it is until a refresh is due, in ns. */
uint64_t driver_time_left(const struct driver *d);

/* Where the last refresh read from. */
const char *driver_path(const struct driver *d);

#endif
