/*
 * collect: reads a source and adds it up.
 *
 * Each process is added up on its own and joins the snapshot only when it was read whole. Each
 * thread has a reader, a keyer and a snapshot of its own; what they share is the list of targets
 * and the number of the next one. In the end the snapshots are merged.
 */
#ifndef MODEL_COLLECT_H
#define MODEL_COLLECT_H

#include "classify/rules.h"
#include "model/selection.h"
#include "model/snapshot.h"

struct collect_options {
	struct grouping by;
	struct selection selection;
	const struct rules *rules; /* may be NULL without KEY_SUBSYSTEM in `by` */
	bool infer;		   /* guess what unnamed memory is */
	bool verify;		   /* compare with smaps_rollup and meminfo */
	unsigned jobs;		   /* threads, at least 1; the result does not depend on them */
	struct reading reading;	   /* but for its needs, which follow from the rest */
};

/* Fills *s, which the caller frees with snapshot_free() in any case. 0, or -1 with *e when the
 * reading could not go on at all. */
int collect(const struct source *source, const struct collect_options *options, struct snapshot *s,
	    struct error *e);

#endif
