#include "model/record.h"

#include <stdlib.h>

const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_READ] = "read",	   [OUTCOME_NO_MEMORY] = "no_memory",
	[OUTCOME_DENIED] = "denied",	   [OUTCOME_VANISHED] = "vanished",
	[OUTCOME_TRUNCATED] = "truncated", [OUTCOME_MALFORMED] = "malformed",
};

/* Appends bytes to memory that has room for them. */
static void *append(char **end, const void *bytes, size_t size)
{
	char *at = *end;

	if (size)
		memcpy(at, bytes, size);
	*end += size;
	return at;
}

static struct slice append_slice(char **end, struct slice s)
{
	return (struct slice){append(end, s.ptr, s.len), s.len};
}

/* Unknown strings are not valid; makes them empty. */
static struct process without_unknown(const struct process *p)
{
	struct process known = *p;

	if (!(p->known & PROCESS_NAME))
		known.name = SLICE("");
	if (!(p->known & PROCESS_CGROUP))
		known.cgroup = SLICE("");
	if (!(p->known & PROCESS_EXE))
		known.exe = SLICE("");
	if (!(p->known & PROCESS_COMMAND))
		known.command = SLICE("");
	return known;
}

struct record *record_copy(const struct record *r, const struct grouping *by)
{
	struct process process = without_unknown(&r->process);
	size_t groups = r->count * sizeof(*r->groups);
	size_t parts = r->part_count * sizeof(*r->parts);
	size_t keys = (size_t)r->count * by->count * sizeof(*r->keys);
	size_t problem = r->problem ? strlen(r->problem) + 1 : 0;
	struct record *copy =
		malloc(sizeof(*copy) + groups + parts + keys + process.name.len +
		       process.cgroup.len + process.exe.len + process.command.len + problem);
	char *end = (char *)(copy + 1);

	if (!copy)
		return NULL;
	*copy = *r;
	copy->comparison = NULL;
	copy->holdings = NULL;
	copy->aggregate = NULL;
	copy->groups = append(&end, r->groups, groups);
	copy->parts = append(&end, r->parts, parts);
	copy->keys = append(&end, r->keys, keys);
	copy->process = process;
	copy->process.name = append_slice(&end, process.name);
	copy->process.cgroup = append_slice(&end, process.cgroup);
	copy->process.exe = append_slice(&end, process.exe);
	copy->process.command = append_slice(&end, process.command);
	copy->problem = problem ? append(&end, r->problem, problem) : NULL;
	return copy;
}
