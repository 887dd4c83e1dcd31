/*
 * collect: reads a source and adds it up.
 *
 * Each process is added up on its own and joins the snapshot only when it was read whole.
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
	bool verify;		   /* compare with smaps_rollup and meminfo */
};

/* Fills *s, which the caller frees with snapshot_free() in any case. 0, or -1 with *e when the
 * reading could not go on at all. */
int collect(const struct source *source, const struct collect_options *options, struct snapshot *s,
	    struct error *e);

#endif
