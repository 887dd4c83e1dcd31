/*
 * worker: one share of a reading: adds up the processes that it is told of, one at a time, and
 * those that were read whole join its snapshot.
 */
#ifndef COLLECT_COLLECTOR_H
#define COLLECT_COLLECTOR_H

#include "classify/infer.h"
#include "collect/collect.h"
#include "collect/pool.h"
#include "model/grouper.h"

#include <pthread.h>
#include <stdatomic.h>

/* What the threads of one reading share. */
struct work {
	const struct source *source;
	const struct collect_options *options;
	struct target_list targets;
	atomic_size_t next;   /* target */
	atomic_bool stop;     /* one of them failed */
	pthread_mutex_t each; /* held while options->each is called */
};

struct collector {
	struct work *work;
	struct job job;
	struct sink sink;
	struct snapshot snapshot;
	struct grouper grouper;
	struct infer infer;
	bool no_memory;
	int status;
	struct error error; /* with status -1 */

	/* The process at hand. */
	struct target target;
	bool held_up; /* it is given up */
	struct aggregate groups;
	uint32_t group[GUESS_COUNT]; /* of the last mapping with each guess */
	struct files {
		enum { FILES_NONE, FILES_TOGETHER, FILES_APART } state;
		uint32_t group; /* of all mappings of files, while they are together */
	} files;		/* only of a process that is scanned */
	struct group all;	/* every mapping, wanted or not; only to verify */
	symbol process;		/* only to verify */
	size_t differences_before;
	bool swaps_shared;
	bool compared;
	uint64_t pss_anon;
	bool pss_anon_known;
};

void collector_init(struct collector *w, struct work *work);
void collector_free(struct collector *w);

#endif
