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

/* All pages of a kind, each divided by the number of processes that map it, whatever the mapping:
 * COUNTER_PSS_ANON, _FILE or _SHMEM. Without smaps_rollup, anonymous pages are unknown and the
 * others are estimated from smaps. */
struct figure owners_pages(const struct owners *o, enum counter c);

/* Where the figure for COUNTER_PSS_SHMEM comes from, for people. */
const char *owners_shared_from(const struct owners *o);

/* Anonymous pages that were copied from files and shared memory on write. */
struct figure owners_copied(const struct owners *o);

/* Memory of drivers and of the kernel that processes map. `mapped` is what the kernel's Mapped
 * includes though it is not in Cached; `own` is the part that no other row includes. */
struct driver_memory {
	struct figure mapped, own;
};
struct driver_memory owners_drivers(const struct owners *o);

/* Adds rows for `own` of driver_memory. False if out of memory. */
bool owners_add_drivers(struct account *a, const struct owners *o);

/* Adds the largest subsystems of a kind as rows of level 1, and a row for the others. False if out
 * of memory. */
bool owners_add(struct account *a, const struct owners *o, enum kind kind, enum counter c,
		const char *from);

/* Add rows for the swapped memory of processes, and of all shared memory: `resident` is the shared
 * memory that is in memory and not mapped, `used` the swap. The snapshot must be grouped by
 * segment, too. */
bool owners_add_swapped(struct account *a, const struct owners *o);
bool owners_add_all_swapped(struct account *a, const struct owners *o, struct figure resident,
			    struct figure used);

#endif
