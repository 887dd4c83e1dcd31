/*
 * collector: one job of a reading: adds up the processes that it is told of, one at a time, and
 * makes a record of each.
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

/* What the jobs of one reading share. */
struct work {
	const struct source *source;
	const struct collect_options *options;
	struct target_list targets; /* first those whose memory is their own alone: */
	size_t alone;		    /* so many */
	atomic_size_t next;	    /* target */
	size_t end;		    /* of those that are to be read */
	atomic_bool stop;	    /* one of them failed */

	unsigned jobs;

	/* Where records go, one at a time. */
	pthread_mutex_t lock;
	struct intern *symbols;
	take_record_fn *take;
	void *ctx;
	pid_t *owners;	     /* of each set that shares a memory: who has it; 0 for nobody yet */
	struct intern likes; /* processes that look alike, and how much memory each has */
};

struct collector {
	struct work *work;
	struct job job;
	struct sink sink;
	/* Those of the records, where no other job makes some: what is there once need not be there
	 * twice. Else its own, and a translation. */
	struct intern *symbols;
	struct intern own_symbols;
	struct translation translation;
	struct grouper grouper;
	struct infer infer;
	symbol *keys; /* of the record at hand */
	uint32_t key_capacity;
	bool no_memory;
	int status;
	struct error error; /* with status -1 */

	/* The process at hand. */
	struct target target;
	struct process process; /* its strings are symbols' */
	struct aggregate groups;
	uint32_t group[GUESS_COUNT]; /* of the last mapping with each guess */
	bool is_scanned;
	struct scanned scanned;
	struct files {
		enum { FILES_NONE, FILES_TOGETHER, FILES_APART } state;
		uint32_t group;	      /* of all mappings of files, while they are together */
	} files;		      /* only of a process that is scanned */
	struct group all;	      /* every mapping, wanted or not; only to verify */
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
