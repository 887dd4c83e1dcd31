#include "model/coverage.h"

/* Inserts in order of pids; if the list is full, the highest pid is dropped. */
static void list_denied(struct coverage *c, const struct process *p)
{
	bool named = p->known & PROCESS_NAME;
	size_t length = named ? p->name.len : 0;
	struct denied d = {.pid = p->pid, .name_known = named};
	unsigned i;

	if (!(p->known & PROCESS_PID))
		return;
	if (c->denied_count == DENIED_LISTED) {
		if (c->denied[DENIED_LISTED - 1].pid < p->pid)
			return;
		c->denied_count--;
	}
	d.length = (uint8_t)(length < PROCESS_NAME_MAX ? length : PROCESS_NAME_MAX);
	if (d.length)
		memcpy(d.name, p->name.ptr, d.length);
	for (i = c->denied_count++; i > 0 && c->denied[i - 1].pid > d.pid; i--)
		c->denied[i] = c->denied[i - 1];
	c->denied[i] = d;
}

static void add_denied(struct coverage *c, const struct record *r)
{
	list_denied(c, &r->process);
	if (!r->resident_known)
		return;
	c->denied_known++;
	if (__builtin_add_overflow(c->denied_resident, r->resident, &c->denied_resident) ||
	    c->denied_resident > COUNTER_MAX)
		c->denied_resident = COUNTER_MAX;
}

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
	c->shared_swappers += r->swaps_shared && r->shares_with == 0;
	c->sharers += r->shares_with != 0;
	if (r->outcome == OUTCOME_DENIED)
		add_denied(c, r);
}

uint64_t coverage_missed(const struct coverage *c)
{
	return c->seen - c->by_outcome[OUTCOME_READ] - c->by_outcome[OUTCOME_NO_MEMORY];
}

uint64_t coverage_incomplete(const struct coverage *c)
{
	return coverage_missed(c) - c->by_outcome[OUTCOME_VANISHED] + c->unmatched;
}
