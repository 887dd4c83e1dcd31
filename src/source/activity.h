/*
 * activity: whether a process did anything since it was last looked at, by its stat: far cheaper
 * than its mappings.
 *
 * The kernel counts there, for all threads together, the time they ran and the faults of pages, and
 * what statm says of sizes. Reading statm as well costs half as much again and tells nothing more.
 */
#ifndef SOURCE_ACTIVITY_H
#define SOURCE_ACTIVITY_H

#include "source/source.h"

struct activity {
	bool known;	      /* else nothing can be said; the rest means something only then */
	bool has_memory;      /* kernel threads and zombies have none */
	uint64_t start_time;  /* clock ticks after boot */
	uint64_t fingerprint; /* of stat, which counts time, faults and sizes */
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

/* Whether two looks at one pid are at one process that did nothing in between: not a tick of CPU,
 * not a page fault, nothing mapped. */
static inline bool activity_equals(const struct activity *a, const struct activity *b)
{
	return a->known && b->known && a->has_memory == b->has_memory &&
	       a->start_time == b->start_time && a->fingerprint == b->fingerprint;
}

#endif
