/*
 * samples: what a recorder would have read, made up, at times of the test's choice.
 *
 *	samples_init(&s, by)
 *	samples_put(&s, ...)		each group of the next sample
 *	samples_add(&s, writer)		records it; the next one begins empty
 *	samples_free(&s)
 */
#ifndef RECORDING_SAMPLES_H
#define RECORDING_SAMPLES_H

#include "recording/writer.h"

struct samples {
	struct intern symbols;
	struct grouping by, sets_by;
	struct aggregate groups, sets;
	uint64_t time_ms, uptime_ms, span_ms; /* of the next sample */
	uint64_t read;			      /* processes, of its coverage */
	struct error error;		      /* of the last one */
};

/* By name, cgroup, label and kind; by process and label; or by container, pod, unit and label. */
extern const struct grouping samples_by_name, samples_by_process, samples_by_place;

void samples_init(struct samples *s, const struct grouping *by);
void samples_free(struct samples *s);

/* A group whose counters are all known and made of its PSS; it can be changed until the next one is
 * put. */
struct group *samples_put(struct samples *s, struct slice name, struct slice cgroup,
			  struct slice label, uint64_t processes, uint64_t pss_kib);

/* The same of one process. */
struct group *samples_put_process(struct samples *s, pid_t pid, uint64_t start, struct slice label,
				  uint64_t pss_kib);

/* The same of two processes in a container, a pod and a unit, which may each be NULL. */
struct group *samples_put_place(struct samples *s, const char *container, const char *pod,
				const char *unit, uint64_t pss_kib);

/* How many processes of a name and cgroup there are; without it, as many as the largest group. */
void samples_set(struct samples *s, struct slice name, struct slice cgroup, uint64_t processes);

/* Also moves the clocks on by a span. */
enum writing samples_add(struct samples *s, struct writer *w);

#endif
