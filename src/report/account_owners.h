/*
 * account_owners: whose memory it is, of a whole machine or of one control group.
 *
 * The groups of the snapshot are by subsystem, kind and, for a control group, cgroup.
 */
#ifndef REPORT_ACCOUNT_OWNERS_H
#define REPORT_ACCOUNT_OWNERS_H

#include "model/snapshot.h"
#include "report/account_rows.h"

struct owners {
	const struct snapshot *snapshot;
	const char *cgroup; /* only its processes, and those of groups below it; NULL for all */
	size_t largest;	    /* rows with a name of their own */
};

/* All memory of a kind, by one of its counters. */
struct figure owners_sum(const struct owners *o, enum kind kind, enum counter c);

/* The largest subsystems of a kind as rows of level 1, and the others in one row. False when there
 * is no memory. */
bool owners_add(struct account *a, const struct owners *o, enum kind kind, enum counter c,
		const char *from);

/* What is swapped of the processes' memory, as rows. */
bool owners_add_swapped(struct account *a, const struct owners *o);

#endif
