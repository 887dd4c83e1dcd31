/*
 * account: shows where all memory and swap of a machine is, in rows that add up.
 *
 * Rows of level 0 add up to the total exactly; those of level 1 add up to the row of level 0 above
 * them. The last row is what no other row explains; it is negative if kernel counters overlap or
 * changed between two readings. An unknown row adds nothing, so its memory is in the last row.
 */
#ifndef REPORT_ACCOUNT_H
#define REPORT_ACCOUNT_H

#include "model/snapshot.h"
#include "report/account_rows.h"

/* What the processes of a control group map but other groups are charged for: lower bounds, since a
 * group is also charged for what its processes do not map. */
struct elsewhere {
	struct amount anonymous, shared, files, all;
};

struct machine_account {
	struct account memory, swap;
	struct elsewhere elsewhere; /* of a control group */
};

/* The snapshot must be grouped by account_grouping, or without its KEY_SEGMENT if shared memory
 * that no process maps was not looked for, and read with `verify`. At most `largest` rows of level
 * 1 are named under each row of level 0. 0, or -1 with *e; call account_free() in any case. */
int account_build(const struct kernel_memory *k, const struct snapshot *s, size_t largest,
		  struct machine_account *a, struct error *e);
void account_free(struct machine_account *a);

extern const struct grouping account_grouping;

#endif
