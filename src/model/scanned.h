/*
 * scanned: what follows for the counters of a mapping from its pages alone, by its kind.
 *
 *	scanned_begin(&s, facts)	a process that is scanned
 *	scanned_conclude(&s, m, kind, c) each mapping
 *	scanned_rest(&s, c)		what its files have together
 *
 * Scanning gives RSS, and SWAP of what is not shared memory. How pages are shared it does not say.
 * Where smaps_rollup has Pss_Anon equal to Anonymous, no anonymous page of the process is shared,
 *so PSS and USS of its anonymous mappings are their RSS, and what is left of the rollup's belongs
 *to its files. Where that is not so they stay unknown.
 */
#ifndef MODEL_SCANNED_H
#define MODEL_SCANNED_H

#include "classify/class.h"
#include "source/source.h"

struct scanned {
	struct scan_facts facts;
	bool shared_seen;     /* the process has resident shared memory */
	struct counters anon; /* of its anonymous mappings */
};

void scanned_begin(struct scanned *s, const struct scan_facts *facts);

/* The counters of a mapping as it came from the scan. */
void scanned_conclude(struct scanned *s, const struct mapping *m, enum kind kind,
		      struct counters *c);

/* What the rollup has beyond the anonymous mappings: the files', if nothing else is there. Nothing
 * is known in *c where that cannot be told. */
void scanned_rest(const struct scanned *s, struct counters *c);

#endif
