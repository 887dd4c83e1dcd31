/*
 * collector: a job of the pool: adds up one process at a time, and makes a record of each.
 *
 * It is a sink. A mapping goes through guessing (classify/infer.h), gets its key (model/grouper.h)
 * and is added to its group.
 */
#ifndef COLLECT_COLLECTOR_H
#define COLLECT_COLLECTOR_H

#include "classify/infer.h"
#include "collect/options.h"
#include "collect/pool.h"
#include "model/exclusive.h"
#include "model/grouper.h"
#include "model/scanned.h"
#include "model/translate.h"

#include <pthread.h>
#include <stdatomic.h>

/* Shared by the jobs of one reading. */
struct work {
	const struct source *source;
	const struct collect_options *options;
	struct target_list
		targets;    /* first those that share memory with no other, as far as is known; */
	size_t alone;	    /* their number */
	atomic_size_t next; /* index of the next target */
	size_t end;	    /* end of the targets to be read now */
	atomic_bool stop;   /* a job failed */

	unsigned jobs;

	/* Records are passed to `take`, one at a time. */
	pthread_mutex_t lock;
	struct intern *symbols;
	take_record_fn *take;
	void *ctx;
	size_t given;  /* records */
	pid_t *owners; /* by set of processes that share memory: the one that counts it; 0 for none
			  yet */
	struct intern likes; /* processes that look alike, and the size of their memory */
};

struct collector {
	struct work *work;
	struct job job;
	struct sink sink;
	/* The table of the records, if there is only one job, which saves a copy; otherwise its
	 * own, with a translation. */
	struct intern *symbols;
	struct intern own_symbols;
	struct translation translation;
	struct grouper grouper;
	struct infer infer;
	symbol *keys; /* of the current record */
	uint32_t key_capacity;
	bool no_memory;
	int status;
	struct error error; /* with status -1 */

	/* The current process. */
	struct target target;
	struct process process; /* its strings are in `symbols` */
	struct aggregate groups;
	uint32_t group[GUESS_COUNT]; /* of the last mapping with each guess */
	bool is_scanned;
	struct scanned scanned;
	struct files {
		enum { FILES_NONE, FILES_TOGETHER, FILES_APART } state;
		uint32_t group;	      /* of all file mappings, while FILES_TOGETHER */
	} files;		      /* only for a scanned process */
	struct group all;	      /* all mappings, wanted or not; only if verifying */
	struct comparison comparison; /* likewise */
	bool swaps_shared;
	struct swapped_part *parts;
	uint32_t part_count, part_capacity;
	struct holdings holdings; /* only if the reading asks for owners */
};

/* False if out of memory; collector_free() in any case. */
bool collector_init(struct collector *c, struct work *work);
void collector_free(struct collector *c);

#endif
