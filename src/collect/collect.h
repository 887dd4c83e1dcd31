/*
 * collect: reads a source and adds it up.
 *
 * Each process is added up on its own and joins the snapshot only when it was read whole. Each
 * thread has a reader, a keyer and a snapshot of its own; what they share is the list of targets
 * and the number of the next one. In the end the snapshots are merged.
 */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "classify/rules.h"
#include "model/selection.h"
#include "model/snapshot.h"
#include "source/users.h"

/* How the reading of one process ended and what it found, with symbols of a table that dies with
 * the call. */
struct finding {
	size_t target; /* its number */
	bool in_doubt; /* it may be wanted, but what that goes by is not known; nor is the rest */
	enum outcome outcome;
	bool swaps_shared;	 /* counts in snapshot.shared_swappers */
	struct read_stats stats; /* how it was read: its counts of processes alone */
	const struct intern *symbols;
	const struct aggregate *groups; /* NULL unless it was read */
};

struct collect_options {
	struct grouping by;
	struct selection selection;
	const struct rules *rules; /* may be NULL without KEY_SUBSYSTEM in `by` */
	const struct users *users; /* of the running system; NULL to have numbers */
	bool infer;		   /* guess what unnamed memory is */
	bool verify;		   /* compare with smaps_rollup and meminfo */
	unsigned jobs;		   /* threads, at least 1; the result does not depend on them */
	struct reading reading;	   /* but for its needs, which follow from the rest */

	/* For who wants each process apart: gets the findings, one at a time, instead of the
	 * snapshot's groups. False when there is no memory. */
	bool (*each)(void *ctx, const struct finding *f);
	void *each_ctx;
	const struct target_list *targets; /* only these; NULL for all there are */
};

/* Fills *s, which the caller frees with snapshot_free() in any case. 0, or -1 with *e when the
 * reading could not go on at all. */
int collect(const struct source *source, const struct collect_options *options, struct snapshot *s,
	    struct error *e);

#endif
