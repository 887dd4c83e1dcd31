/*
 * account: where all memory of a machine is, and all its swap, in rows that add up.
 *
 * Rows of level 0 add up to the total exactly; those of level 1 add up to the row of level 0 above
 * them. What no row explains is a row of its own, which is negative where counters of the kernel
 * overlap or moved on between two readings. A row that is unknown adds nothing, so its memory is in
 * the last one.
 */
#ifndef REPORT_ACCOUNT_H
#define REPORT_ACCOUNT_H

#include "model/snapshot.h"
#include "report/account_rows.h"

struct machine_account {
	struct account memory, swap;
	/* Of a control group: files that its processes map and another group was charged for. */
	struct amount elsewhere;
};

/* The groups of the snapshot are those of account_grouping, which was read with `verify`. At most
 * `largest` rows of level 1 have a name of their own under each row of level 0. 0, or -1 with *e;
 * account_free() in any case. */
int account_build(const struct kernel_memory *k, const struct snapshot *s, size_t largest,
		  struct machine_account *a, struct error *e);
void account_free(struct machine_account *a);

extern const struct grouping account_grouping;

#endif
