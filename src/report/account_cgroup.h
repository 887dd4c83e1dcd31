/* account_cgroup: where all memory is that is charged to one control group, in rows as of account.
 */
#ifndef REPORT_ACCOUNT_CGROUP_H
#define REPORT_ACCOUNT_CGROUP_H

#include "report/account.h"
#include "source/cgroup_memory.h"

/* As account_build(); the snapshot has the groups of account_cgroup_grouping, of all processes. */
int account_cgroup_build(const struct cgroup_memory *c, const struct snapshot *s, size_t largest,
			 struct machine_account *a, struct error *e);

extern const struct grouping account_cgroup_grouping;

#endif
