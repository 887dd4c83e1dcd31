/*
 * activity: whether a process did anything since it was last looked at, by signs that are far
 * cheaper than its mappings.
 *
 * In stat the kernel counts, for all threads together, the time they ran and the faults of pages,
 * and what statm says of sizes. Reading statm as well costs half as much again and tells nothing
 * more. But time counts there in ticks of 10 ms as a rule, and who only renames its memory takes
 * microseconds and faults no page. So its CPU-time clock is asked too (clock_getcpuclockid(3)),
 * which counts nanoseconds. Measured on Linux 6.18, microseconds a process, with open files:
 *
 *	stat 3.7	ticks of all threads
 *	CPU-time clock 0.4	nanoseconds of all threads; 10 with 1,000 threads
 *	schedstat 0.9	nanoseconds of the main thread alone
 *	status 7.6	context switches of the main thread alone
 *	maps 44		the names themselves
 *
 * Many processes wake up for a moment between any two looks and change nothing: of those that ran
 * for less than stat shows, maps tells whether it is worth reading smaps, which takes ten times as
 * long.
 */
#ifndef SOURCE_ACTIVITY_H
#define SOURCE_ACTIVITY_H

#include "source/source.h"

struct activity {
	bool known;	      /* else nothing can be said; the rest means something only then */
	bool has_memory;      /* kernel threads and zombies have none */
	uint64_t start_time;  /* clock ticks after boot */
	uint64_t fingerprint; /* of stat, which counts time, faults and sizes */
	uint64_t ran_ns;      /* CPU time of all threads; 0 where that is not known */
	uint64_t maps;	      /* fingerprint of maps; 0 until it is wanted, or if unknown */
	bool maps_helped;     /* it ran, and maps was the same */
};

/* The stat file of a process. Of the running system it may stay open, which makes a look much
 * cheaper; a descriptor is of one process, even if its pid comes again. */
struct stat_handle {
	pid_t pid;
	int stat; /* -1 while it is not open */
};

/* A handle without an open file. */
static inline struct stat_handle stat_handle_of(pid_t pid)
{
	return (struct stat_handle){pid, -1};
}

/* `keep` leaves the file open for the next time, if this is the running system. */
void source_activity(const struct source *s, struct stat_handle *handle, bool keep,
		     struct activity *activity);
void stat_handle_close(struct stat_handle *handle);

/* The fingerprint of the addresses and names of its mappings; 0 if they cannot be read. */
uint64_t source_maps_fingerprint(const struct source *s, pid_t pid);

/* Whether two looks at one pid are at one process that did nothing in between that stat shows: not
 * a tick of CPU, not a page fault, nothing mapped. */
static inline bool activity_equals(const struct activity *a, const struct activity *b)
{
	return a->known && b->known && a->has_memory == b->has_memory &&
	       a->start_time == b->start_time && a->fingerprint == b->fingerprint;
}

/* Whether it ran between two such looks, be it ever so short. */
static inline bool activity_ran(const struct activity *a, const struct activity *b)
{
	return a->ran_ns != b->ran_ns;
}

#endif
