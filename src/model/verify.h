/*
 * verify: checks the sums against what the kernel says elsewhere.
 *
 * For a process, against smaps_rollup read before and after smaps. A counter agrees if it lies
 * between the two; the kernel rounds each mapping's share (Pss, Pss_Dirty, SwapPss, Locked) down to
 * 1 kB, but the rollup's only once, so a sum may fall short by up to 1 kB per mapping.
 *
 * For the system, the Pss_Anon of all rollups against AnonPages in /proc/meminfo.
 */
#ifndef MODEL_VERIFY_H
#define MODEL_VERIFY_H

#include "model/key.h"

/* A counter of a process that is out of bounds, in bytes. */
struct difference {
	enum counter counter;
	uint64_t sum, before, after; /* from smaps, and from the rollups before and after */
};

/* The result for one process. */
struct comparison {
	bool made; /* if not, smaps_rollup could not be read, and the rest is invalid */
	struct difference differences[COUNTER_COUNT];
	unsigned count;
	bool pss_anon_known;			/* since Linux 5.4, like the other two */
	uint64_t pss_anon, pss_file, pss_shmem; /* of the rollup */
};

/* PSS of the processes in one control group by what the pages are, in bytes: a mapping of a file or
 * of shared memory also has the anonymous pages that were copied from it. */
struct rollup_sum {
	symbol cgroup; /* SYMBOL_NONE if unknown */
	uint64_t pss_anon, pss_file, pss_shmem;
};

struct verification {
	uint64_t compared; /* number of processes */
	uint64_t without_rollup;
	struct process_difference {
		symbol process; /* see key_process() */
		struct difference difference;
	} * differences;
	size_t count, capacity;
	struct rollup_sum *sums;
	size_t sum_count, sum_capacity;

	/* Anonymous memory of all compared processes, which cannot exceed what the kernel counts.
	 * That it is less matters only if these are all processes. */
	bool anon_known;
	bool anon_whole;
	unsigned anon_unseen;		  /* UNSEEN_... bits, if they prevent the comparison */
	uint64_t without_pss_anon;	  /* processes for which it is unknown */
	uint64_t pss_anon;		  /* sum from the rollups */
	uint64_t anon_before, anon_after; /* AnonPages before and after the whole reading */
	uint64_t anon_tolerance;	  /* deviation in bytes that proves nothing */
};

/* Compares the sum of `mappings` mappings with the rollups read before and after. */
void comparison_make(struct comparison *c, const struct counters *sum, uint64_t mappings,
		     const struct counters *before, const struct counters *after);

void verification_init(struct verification *v);
void verification_free(struct verification *v);

/* Adds the result for a process. False if out of memory. */
bool verification_add(struct verification *v, symbol process, symbol cgroup,
		      const struct comparison *c);

/* Whether `sums` are known and include all processes. */
bool verification_has_sums(const struct verification *v);

/* Sorts the differences, so that the order does not depend on threads. */
void verification_sort(struct verification *v, const struct intern *symbols);

/* Whether the total agrees; true if unknown. */
bool verification_anon_agrees(const struct verification *v);

/* Whether everything that could be compared agrees, and anything could. */
bool verification_agrees(const struct verification *v);

#endif
