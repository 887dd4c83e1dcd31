#include "model/snapshot.h"

#include <stdlib.h>

uint64_t coverage_missed(const struct coverage *c)
{
	return c->seen - c->by_outcome[OUTCOME_READ] - c->by_outcome[OUTCOME_NO_MEMORY];
}

void snapshot_free(struct snapshot *s)
{
	aggregate_free(&s->groups);
	intern_free(&s->symbols);
	verification_free(&s->verification);
	for (size_t i = 0; i < s->problem_count; i++)
		free(s->problems[i]);
	free(s->problems);
	*s = (struct snapshot){0};
}
