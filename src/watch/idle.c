#include "watch/idle.h"

/* Whether to keep the record of a process that did nothing; failures are tried again. */
static bool may_be_kept(const struct idle *idle, const struct record *r)
{
	if (idle->spares && r->how & HOW_BIT(HOW_TIMED_OUT))
		return true;
	if (r->match != MATCH_YES)
		return r->match == MATCH_NO;
	return r->outcome == OUTCOME_READ || r->outcome == OUTCOME_NO_MEMORY ||
	       r->outcome == OUTCOME_DENIED;
}

/* What of a process's identity matters: NEED_... */
static unsigned needs_of(const struct idle *idle)
{
	const struct collect_options *o = idle->collecting;

	return o->reading.needs | grouping_needs(&o->by) | selection_needs(&o->selection);
}

/* The same of one whose record is kept: less, if it is not selected. */
static unsigned needs_of_known(const struct idle *idle, const struct record *record)
{
	return record->match == MATCH_NO ? selection_needs(&idle->collecting->selection)
					 : needs_of(idle);
}

static uint64_t maps_of(const struct idle *idle, pid_t pid)
{
	return source_maps_fingerprint(idle->source, pid, needs_of(idle) & NEED_COMMAND);
}

void idle_look_closely(const struct idle *idle, pid_t pid, struct activity *a)
{
	if (!a->has_memory)
		return;
	if (needs_of(idle) & NEED_CGROUP)
		a->cgroup = source_cgroup_fingerprint(idle->source, pid);
	a->status = source_status_fingerprint(idle->source, pid);
}

/* Whether this refresh looks at the control group of a process that did nothing, since others may
 * have moved it. That takes longer than looking for activity; so unless it matters, processes have
 * turns. */
static bool looks_at_cgroup(const struct idle *idle, pid_t pid)
{
	enum { CGROUP_TURN = 20 };

	return idle->shows_cgroups || idle->rare || idle->collecting->selection.cgroup ||
	       ((uint64_t)pid + idle->refresh) % CGROUP_TURN == 0;
}

static bool cgroup_is_same(const struct idle *idle, const struct watched *known)
{
	return !known->activity.has_memory ||
	       !(needs_of_known(idle, known->record) & NEED_CGROUP) ||
	       source_cgroup_fingerprint(idle->source, known->pid) == known->activity.cgroup;
}

/* Names that the process keeps itself are not in its maps. */
static bool maps_are_same(const struct idle *idle, struct watched *known, struct activity *now)
{
	if (known->record->match != MATCH_YES || known->record->outcome != OUTCOME_READ)
		return true;
	if (known->record->how & HOW_BIT(HOW_NAMES_KEPT))
		return false;
	now->maps = maps_of(idle, known->pid);
	if (now->maps == 0 || now->maps != known->activity.maps)
		return false;
	known->activity.maps_helped = true;
	return true;
}

/* Its user, and what it has locked. */
static bool status_is_same(const struct idle *idle, const struct watched *known)
{
	return (known->record->match == MATCH_NO &&
		!(needs_of_known(idle, known->record) & NEED_UID)) ||
	       source_status_fingerprint(idle->source, known->pid) == known->activity.status;
}

/* Whether a process that ran for less than stat can show is what it was, as far as that shows
 * without reading it. */
static bool is_unchanged(const struct idle *idle, struct watched *known, struct activity *now)
{
	if (!maps_are_same(idle, known, now) || !status_is_same(idle, known) ||
	    !cgroup_is_same(idle, known))
		return false;
	known->activity.ran_ns = now->ran_ns;
	return true;
}

/* maps is first read when it can help, and its fingerprint is kept as long as it does. Half of the
 * processes that ran so briefly must wait until the next refresh; so even if all processes ran,
 * looking at maps costs a tenth of reading them. */
bool idle_did_nothing(const struct idle *idle, struct watched *known, struct activity *now)
{
	const struct activity *before = &known->activity;
	bool waits = !idle->rare && ((uint64_t)known->pid + idle->refresh) % 2;

	if (!may_be_kept(idle, known->record))
		return false;
	if (activity_equals(before, now)) {
		if (activity_ran(before, now) && !waits)
			return is_unchanged(idle, known, now);
		return !looks_at_cgroup(idle, known->pid) || cgroup_is_same(idle, known);
	}
	if (before->maps_helped && now->known)
		now->maps = maps_of(idle, known->pid);
	return false;
}
