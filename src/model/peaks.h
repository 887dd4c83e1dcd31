/*
 * peaks: the peak of each group over several readings.
 *
 *	peaks_init(&p, by)
 *	peaks_add(&p, snapshot)		for each reading, by the same keys
 *	p.most				a snapshot with the peak of each figure by itself; the
 *					totals are the peaks of the sums
 *	peaks_free(&p)
 */
#ifndef MODEL_PEAKS_H
#define MODEL_PEAKS_H

#include "model/snapshot.h"

struct peaks {
	struct snapshot most;
	uint64_t readings;
};

void peaks_init(struct peaks *p, const struct grouping *by);
void peaks_free(struct peaks *p);

/* 0, or -1 with *e if out of memory. */
int peaks_add(struct peaks *p, const struct snapshot *now, struct error *e);

#endif
