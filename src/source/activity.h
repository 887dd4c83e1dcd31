/*
 * activity: whether a process did anything since the last look, judged by far cheaper means than
 * reading its mappings.
 *
 * stat has the CPU time and page faults of all threads together, and the sizes that statm has.
 * Reading statm as well costs half as much again and adds nothing. But CPU time there usually
 * counts in ticks of 10 ms, and a process that only renames its memory runs for microseconds
 * without a page fault. So the CPU-time clock (clock_getcpuclockid(3)), which counts nanoseconds,
 * is read too. Measured on Linux 6.18, in microseconds per process, with files kept open:
 *
 *	stat 3.7	ticks of all threads
 *	CPU-time clock 0.4	nanoseconds of all threads; 10 with 1,000 threads; only of processes
 *				that have a pid in anonmem's own PID namespace
 *	schedstat 0.9	nanoseconds of the main thread alone
 *	status 7.6	context switches of the main thread alone
 *	maps 44		the names themselves
 *
 * Many processes wake up briefly between any two looks and change nothing. If a process ran for
 * less than stat can show, maps tells whether smaps, which takes ten times as long, is worth
 * reading.
 *
 * Whose memory it is may change as well, and shows in none of these: a process can change its user
 * and its command line in microseconds, and lock its memory; others can move it to another control
 * group while it sleeps.
 */
#ifndef SOURCE_ACTIVITY_H
#define SOURCE_ACTIVITY_H

#include "source/source.h"

struct activity {
	bool known;	      /* otherwise the other members mean nothing */
	bool has_memory;      /* kernel threads and zombies have none */
	bool may_have_run;    /* since ran_ns is unknown of a running process */
	bool maps_helped;     /* the process ran, but maps did not change */
	uint64_t start_time;  /* clock ticks since boot */
	uint64_t fingerprint; /* of stat, which counts time, faults and sizes */
	uint64_t ran_ns;      /* CPU time of all threads; 0 if unknown */
	uint64_t maps;	      /* fingerprint of maps; 0 if unknown or not needed yet */
	uint64_t cgroup;      /* fingerprint of cgroup; 0 if unknown or not needed */
	uint64_t status;      /* fingerprint of status; 0 if unknown or not needed */
	struct memory_signs signs;
};

/* The stat file of a process. On the running system it may stay open, which makes looks much
 * cheaper; the descriptor stays with one process even if the pid is reused. */
struct stat_handle {
	pid_t pid;
	int stat; /* -1 if not open */
};

/* A handle without an open file. */
static inline struct stat_handle stat_handle_of(pid_t pid)
{
	return (struct stat_handle){pid, -1};
}

/* `keep` leaves the file open for the next look, if this is the running system. */
void source_activity(const struct source *s, struct stat_handle *handle, bool keep,
		     struct activity *activity);
void stat_handle_close(struct stat_handle *handle);

/* The fingerprint of the process's mappings, addresses and names, and of its command line if that
 * is wanted; 0 if they cannot be read. */
uint64_t source_maps_fingerprint(const struct source *s, pid_t pid, bool command);

/* The fingerprint of the process's control groups; 0 if they cannot be read. */
uint64_t source_cgroup_fingerprint(const struct source *s, pid_t pid);

/* The fingerprint of the process's user and of the sizes in status, some of which are not in stat;
 * 0 if it cannot be read. */
uint64_t source_status_fingerprint(const struct source *s, pid_t pid);

/* Whether two looks at one pid saw the same process, and stat shows no activity in between: no tick
 * of CPU time, no page fault, no change in size. */
static inline bool activity_equals(const struct activity *a, const struct activity *b)
{
	return a->known && b->known && a->has_memory == b->has_memory &&
	       a->start_time == b->start_time && a->fingerprint == b->fingerprint;
}

/* Whether the process ran, or may have run, between two such looks, however briefly. */
static inline bool activity_ran(const struct activity *a, const struct activity *b)
{
	return a->ran_ns != b->ran_ns || b->may_have_run;
}

#endif
