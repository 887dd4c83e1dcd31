/*
 * scanned: what follows for the counters of a mapping from its pages alone, by its kind.
 *
 *	scanned_begin(&s, facts)	a process that is scanned
 *	scanned_conclude(&s, m, kind, c) each mapping
 *	scanned_rest(&s, c)		what its files have together
 *
 * Scanning gives RSS, and SWAP of what is not shared memory. How pages are shared it does not say.
 * Where smaps_rollup has Pss_Anon equal to Anonymous, no anonymous page of the process is shared,
 * so PSS and USS of its anonymous mappings are their RSS, and what is left of the rollup's belongs
 * to its files. Memory of drivers is proven by the scan, if it is. Elsewhere they stay unknown.
 */
#ifndef MODEL_SCANNED_H
#define MODEL_SCANNED_H

#include "classify/class.h"
#include "source/source.h"

struct scanned {
	struct scan_facts facts;
	bool unproven_seen;	/* memory beside the files whose shares are unknown */
	struct counters proven; /* of mappings whose shares are known */
};

void scanned_begin(struct scanned *s, const struct scan_facts *facts);

/* The counters of a mapping as it came from the scan. */
void scanned_conclude(struct scanned *s, const struct mapping *m, enum kind kind,
		      struct counters *c);

/* What the rollup has beyond what is proven: the files', if nothing else is there. Nothing
 * is known in *c where that cannot be told. */
void scanned_rest(const struct scanned *s, struct counters *c);

#endif
