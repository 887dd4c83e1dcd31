/* options: what to collect, and the receiver of the records. */
#ifndef COLLECT_OPTIONS_H
#define COLLECT_OPTIONS_H

#include "classify/rules.h"
#include "model/record.h"
#include "model/selection.h"
#include "source/containers.h"
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
	const struct rules *rules;     /* may be NULL if `by` lacks KEY_SUBSYSTEM */
	const struct users *users;     /* of the running system; NULL to use numbers */
	struct containers *containers; /* of where processes run; NULL to use ids */
	enum inferring infer;	       /* guess what unnamed memory is */
	bool verify;		       /* compare with smaps_rollup and meminfo */
	bool finds_sharers;	       /* records tell which processes share memory (shares_with) */
	bool exclusive;		       /* find out what is freed if the processes end */
	unsigned jobs;		/* threads, at least 1; the result does not depend on the number */
	struct reading reading; /* its `needs` are in addition to what the other options imply */
	const struct target_list *targets; /* only these; NULL for all */
	struct lineage
		*children; /* include descendants of the chosen processes, tracked here; or NULL */
	/* With reading.copies: gets the files of each process before its record. Return false to
	 * stop. */
	bool (*copied)(void *ctx, const struct process *process, const struct copy *copy);
	void *copied_ctx;
	/* Is told how many of all targets are done; or NULL. One call at a time. */
	void (*progress)(void *ctx, size_t done, size_t all);
	void *progress_ctx;
	bool usages;   /* find out what control groups use, see model/usages.h */
	bool identify; /* only identify processes: the records have no memory */
};

/* Receives the records, in any order and from any thread, but one at a time. A record is valid
 * until this returns. Return false if out of memory. */
typedef bool take_record_fn(void *ctx, const struct record *r);

#endif
