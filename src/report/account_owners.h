/*
 * account_owners: the owners of memory, in a whole machine or in one control group.
 *
 * The groups of the snapshot are by subsystem, kind and, for a control group, cgroup.
 */
#ifndef REPORT_ACCOUNT_OWNERS_H
#define REPORT_ACCOUNT_OWNERS_H

#include "model/snapshot.h"
#include "report/account_rows.h"

struct owners {
	const struct snapshot *snapshot;
	const char *cgroup; /* only processes in this group and those below; NULL for all */
	size_t largest;	    /* number of rows with a name */
};

/* All memory of a kind, measured by one counter. */
struct figure owners_sum(const struct owners *o, enum kind kind, enum counter c);

/* Adds the largest subsystems of a kind as rows of level 1, and a row for the others. False if out
 * of memory. */
bool owners_add(struct account *a, const struct owners *o, enum kind kind, enum counter c,
		const char *from);

/* Adds rows for the swapped memory of processes. */
bool owners_add_swapped(struct account *a, const struct owners *o);

#endif
