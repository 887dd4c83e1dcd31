#include "model/coverage.h"

void coverage_add(struct coverage *c, const struct record *r)
{
	c->unmatched += r->match == MATCH_UNKNOWN;
	if (r->match != MATCH_YES)
		return;
	c->seen++;
	c->by_outcome[r->outcome]++;
	for (int how = 0; how < HOW_COUNT; how++)
		c->by_how[how] += (r->how & HOW_BIT(how)) != 0;
	if (r->how & HOW_BIT(HOW_TIMED_OUT))
		c->timed_out = r->process.pid;
	c->shared_swappers += r->swaps_shared;
}

uint64_t coverage_missed(const struct coverage *c)
{
	return c->seen - c->by_outcome[OUTCOME_READ] - c->by_outcome[OUTCOME_NO_MEMORY];
}
