/* runs: what was measured in each run of a check, as members of its JSON that it can read back. */
#ifndef RENDER_RUNS_H
#define RENDER_RUNS_H

#include "base/json.h"
#include "report/budget.h"

struct run_view {
	const struct snapshot *snapshot;
	const struct usage *usages; /* of each rule */
	bool is_program;
	uint64_t readings; /* of a program */
};

/* NULL if out of memory. */
cJSON *run_make(const struct budget *b, const struct run_view *run);

#endif
