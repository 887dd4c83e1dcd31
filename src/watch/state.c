#include "watch/state.h"

#include <stdlib.h>

void watched_release(struct past *past, struct watched *p)
{
	if (!p || --p->holders > 0)
		return;
	past_release(past, p->sizes);
	free(p->record);
	free(p);
}

void state_free(struct past *past, struct state *s)
{
	for (size_t i = 0; i < s->count; i++)
		watched_release(past, s->processes[i]);
	free(s->processes);
	free(s->owners);
	*s = (struct state){NULL, NULL, 0};
}

bool state_init(struct state *s, size_t count)
{
	*s = (struct state){.count = count};
	s->processes = calloc(count + 1, sizeof(struct watched *));
	s->owners = calloc(count + 1, sizeof(*s->owners));
	if (!s->processes)
		s->count = 0;
	return s->processes && s->owners;
}

struct record state_record(const struct state *s, size_t process)
{
	struct record r = *s->processes[process]->record;

	r.shares_with = s->owners[process].pid;
	r.how |= s->owners[process].maybe ? HOW_BIT(HOW_MAYBE_SHARED) : 0;
	return r;
}

bool state_copy(struct past *past, struct state *to, const struct state *from)
{
	struct state copy;

	if (!state_init(&copy, from->count)) {
		state_free(past, &copy);
		return false;
	}
	for (size_t i = 0; i < from->count; i++) {
		copy.processes[i] = from->processes[i];
		copy.processes[i]->holders++;
		copy.owners[i] = from->owners[i];
	}
	state_free(past, to);
	*to = copy;
	return true;
}

static size_t count_groups(const struct state *s)
{
	size_t groups = 0;

	for (size_t i = 0; i < s->count; i++)
		groups += s->processes[i]->record->count;
	return groups;
}

/* Adds a process to a moment. False if out of memory. */
static bool keep_sizes(struct past *past, struct watched *p, const struct grouping *by,
		       struct moment *moment)
{
	if (p->record->count == 0)
		return true;
	if (!p->sizes)
		p->sizes = past_make_sizes(past, p->record, by, p->moved);
	if (!p->sizes)
		return false;
	p->sizes->holders++;
	moment->list[moment->count++] = p->sizes;
	return true;
}

bool state_keep(struct past *past, const struct state *s, const struct grouping *by)
{
	struct sizes **list = calloc(s->count + 1, sizeof(void *));
	struct moment moment = {list, 0};
	bool kept = moment.list && past_has_room(by, count_groups(s));

	for (size_t i = 0; kept && i < s->count; i++)
		kept = s->owners[i].pid || keep_sizes(past, s->processes[i], by, &moment);
	if (kept) {
		past_add(past, moment);
		return true;
	}
	while (moment.count > 0)
		past_release(past, moment.list[--moment.count]);
	free(moment.list);
	return false;
}
