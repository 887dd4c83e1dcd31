/*
 * metrics: what a snapshot, and a service that reads it over and over, has as metrics.
 *
 * Never a pid, an address or a command line is part of them. The number of series is bounded: the
 * rows with the most memory are kept, and the sum of all others is one row whose keys are
 * "(other)", so that sums over rows stay exact. What is unknown has no sample.
 */
#ifndef RENDER_METRICS_H
#define RENDER_METRICS_H

#include "model/snapshot.h"
#include "render/exposition.h"
#include "report/account.h"

enum { METRICS_SERIES = 500, METRICS_SERIES_LEAST = 100, METRICS_SERIES_MOST = 1000 };

/* Of a control group that is a container or a unit. */
struct metric_cgroup {
	char *labels; /* escaped, as for exposition_sample() */
	struct cgroup_usage usage;
};

/* What a service says about itself. */
struct metric_service {
	uint64_t read_at;    /* time of the last reading, ns since 1970, */
	uint64_t reading_ns; /* and how long it took */
	uint64_t readings, failed;
	uint64_t reread, kept;	    /* processes read again, and not, since they did nothing */
	uint64_t timed_out;	    /* times that a process held its reader up, since the start */
	uint64_t started_at;	    /* ns since 1970 */
	uint64_t cpu_ns;	    /* of all threads */
	uint64_t resident;	    /* bytes, */
	bool resident_known;	    /* if it could be read */
	uint64_t answered, refused; /* requests */
};

struct metrics {
	const struct snapshot *snapshot;
	size_t series;	     /* at most so many in all */
	const char *version; /* of anonmem */

	/* Of a service; else NULL or 0. */
	const struct machine_account *account;
	const struct metric_cgroup *cgroups;
	size_t cgroup_count; /* at most metrics_cgroups() */
	const struct metric_service *service;
};

/* The number of control groups that fit. */
size_t metrics_cgroups(size_t series);

/* 0, or -1 with *e. */
int metrics_write(const struct metrics *m, enum exposition_format format, FILE *out,
		  struct error *e);

#endif
