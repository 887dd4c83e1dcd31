/*
 * collect: reads processes and gives a record of each.
 *
 * It works with several threads. Each has a reader and adds up one process at a time; what they
 * share is the list of targets and the number of the next one.
 */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "classify/rules.h"
#include "model/record.h"
#include "model/selection.h"
#include "source/users.h"

struct collect_options {
	struct grouping by;
	struct selection selection;
	const struct rules *rules; /* may be NULL without KEY_SUBSYSTEM in `by` */
	const struct users *users; /* of the running system; NULL to have numbers */
	bool infer;		   /* guess what unnamed memory is */
	bool verify;		   /* compare with smaps_rollup and meminfo */
	unsigned jobs;		   /* threads, at least 1; the result does not depend on them */
	struct reading reading;	   /* its needs are those beyond what `by` and the rest imply */
	const struct target_list *targets; /* only these; NULL for all there are */
};

/* Gets the records, in any order and from any thread, but one at a time. A record dies when this
 * returns. False when there is no memory. */
typedef bool take_record_fn(void *ctx, const struct record *r);

/* A record of each process, whether it could be read or not; `symbols`, of which their keys are,
 * gets what it lacks. Adds to *stats what the reading cost. 0, or -1 with *e when the reading could
 * not continue at all. */
int collect(const struct source *source, const struct collect_options *options,
	    struct intern *symbols, take_record_fn *take, void *ctx, struct read_stats *stats,
	    struct error *e);

#endif
