/*
 * scanned: deduces the counters of a scanned mapping from its pages and its kind.
 *
 *	scanned_begin(&s, facts)	a process that is scanned
 *	scanned_conclude(&s, m, kind, c) each mapping
 *	scanned_rest(&s, c)		the sum of its files
 *
 * Scanning gives RSS, and SWAP except for shared memory. It does not tell how pages are shared. If
 * Pss_Anon equals Anonymous in smaps_rollup, no anonymous page of the process is shared, so PSS and
 * USS of its anonymous mappings equal RSS, and the rest of the rollup belongs to its files. For
 * driver memory, the scan itself may prove them. A scan that counts pages one by one knows USS, and
 * of PSS the part that is of pages that no other process maps. Otherwise they stay unknown.
 */
#ifndef MODEL_SCANNED_H
#define MODEL_SCANNED_H

#include "classify/class.h"
#include "source/source.h"

struct scanned {
	struct scan_facts facts;
	bool unproven_seen;	/* there is memory other than files whose shares are unknown */
	struct counters proven; /* of mappings whose shares are known */
};

void scanned_begin(struct scanned *s, const struct scan_facts *facts);

/* Deduces the counters of a mapping that came from the scan. */
void scanned_conclude(struct scanned *s, const struct mapping *m, enum kind kind,
		      struct counters *c);

/* Sets *c to the part of the rollup beyond what is proven, which belongs to the files if nothing
 * else is left. Knows nothing in *c if that cannot be determined. */
void scanned_rest(const struct scanned *s, struct counters *c);

#endif
