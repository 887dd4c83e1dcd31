/* options: what is to be collected, and who gets it. */
#ifndef COLLECT_OPTIONS_H
#define COLLECT_OPTIONS_H

#include "classify/rules.h"
#include "model/record.h"
#include "model/selection.h"
#include "source/users.h"

struct lineage;

/* By what guesses are made. */
enum inferring {
	INFER_NONE,
	INFER_PLACE,   /* where memory lies, and what lies around it */
	INFER_CONTENT, /* that, and what lies in it where it may be read */
};

struct collect_options {
	struct grouping by;
	struct selection selection;
	const struct rules *rules; /* may be NULL without KEY_SUBSYSTEM in `by` */
	const struct users *users; /* of the running system; NULL to have numbers */
	enum inferring infer;	   /* guess what unnamed memory is */
	bool verify;		   /* compare with smaps_rollup and meminfo */
	bool finds_sharers;	   /* of one memory: records say so (shares_with) */
	bool exclusive;		   /* what comes back if the processes end */
	unsigned jobs;		   /* threads, at least 1; the result does not depend on them */
	struct reading reading;	   /* its needs are those beyond what `by` and the rest imply */
	const struct target_list *targets; /* only these; NULL for all there are */
	struct lineage *children; /* with the descendants of what is chosen, kept here; or NULL */
	bool identify;		  /* only ask who they are: their records have no memory */
};

/* Gets the records, in any order and from any thread, but one at a time. A record dies when this
 * returns. False if out of memory. */
typedef bool take_record_fn(void *ctx, const struct record *r);

#endif
