/* account: writes where all memory of a machine is, as table, JSON or CSV. */
#ifndef RENDER_ACCOUNT_H
#define RENDER_ACCOUNT_H

#include "render/render.h"
#include "report/account.h"
#include "source/cgroup_memory.h"

struct account_view {
	const struct machine_account *account;
	const struct kernel_memory *kernel; /* NULL for a control group */
	const struct cgroup_memory *cgroup; /* NULL for the machine */
	const struct snapshot *snapshot;
	enum units units; /* for the table */
	bool all;	  /* show rows that are 0 or unknown in the table too */
	bool color, header, quiet;
	size_t width; /* columns of the terminal; 0 for unlimited */
};

/* 0, or -1 with *e if out of memory. */
typedef int account_writer(const struct account_view *v, FILE *out, struct error *e);

account_writer account_write_table, account_write_json, account_write_csv;

#endif
