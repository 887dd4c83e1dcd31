/*
 * verify: do the sums agree with what the kernel says of the same memory elsewhere?
 *
 * For a process, with smaps_rollup read before and after smaps. A counter agrees if it lies between
 * the two; the kernel rounds each mapping's share (Pss, Pss_Dirty, SwapPss, Locked) down to 1 kB
 * but the rollup's only once, so those may fall short by less than 1 kB a mapping.
 *
 * For the system, the Pss_Anon of all rollups with AnonPages of /proc/meminfo.
 */
#ifndef MODEL_VERIFY_H
#define MODEL_VERIFY_H

#include "model/key.h"

/* A counter of a process that is out of bounds; bytes. */
struct difference {
	enum counter counter;
	uint64_t sum, before, after; /* of smaps, and of the rollups around it */
};

/* What comparing one process gave. */
struct comparison {
	bool made; /* else smaps_rollup could not be read, and nothing else means anything */
	struct difference differences[COUNTER_COUNT];
	unsigned count;
	bool pss_anon_known; /* Linux 5.4 on */
	uint64_t pss_anon;   /* of the rollup */
};

struct verification {
	uint64_t compared; /* processes */
	uint64_t without_rollup;
	struct process_difference {
		symbol process; /* see key_process() */
		struct difference difference;
	} * differences;
	size_t count, capacity;

	/* Anonymous memory of all processes that were compared, which cannot be more than the
	 * kernel counts. That it is less means something only if they are all that there are. */
	bool anon_known;
	bool anon_whole;
	unsigned anon_unseen;		  /* UNSEEN_... if for that it cannot be compared */
	uint64_t without_pss_anon;	  /* processes whose share is unknown */
	uint64_t pss_anon;		  /* of the rollups */
	uint64_t anon_before, anon_after; /* AnonPages around the whole reading */
	uint64_t anon_tolerance;	  /* bytes beyond them that prove nothing */
};

/* Compares the sum of `mappings` mappings with the rollups around them. */
void comparison_make(struct comparison *c, const struct counters *sum, uint64_t mappings,
		     const struct counters *before, const struct counters *after);

void verification_init(struct verification *v);
void verification_free(struct verification *v);

/* Adds what comparing a process gave. False if out of memory. */
bool verification_add(struct verification *v, symbol process, const struct comparison *c);

/* Puts the differences into an order that does not depend on who found them. */
void verification_sort(struct verification *v, const struct intern *symbols);

/* Whether the total agrees; true where it is not known. */
bool verification_anon_agrees(const struct verification *v);

/* Whether everything that could be compared agrees, and there was anything. */
bool verification_agrees(const struct verification *v);

#endif
