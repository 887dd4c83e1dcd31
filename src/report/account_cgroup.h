/* account_cgroup: shows where all memory charged to a control group is, in rows like those of
 * account.
 */
#ifndef REPORT_ACCOUNT_CGROUP_H
#define REPORT_ACCOUNT_CGROUP_H

#include "report/account.h"
#include "source/cgroup_memory.h"

/* Like account_build(); the snapshot must be grouped by account_cgroup_grouping and have all
 * processes. */
int account_cgroup_build(const struct cgroup_memory *c, const struct snapshot *s, size_t largest,
			 struct machine_account *a, struct error *e);

extern const struct grouping account_cgroup_grouping;

#endif
