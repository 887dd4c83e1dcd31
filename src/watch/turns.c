#include "watch/turns.h"

#include <stdlib.h>

/* Estimates the time it takes to read a process again. */
static uint64_t cost_of(const struct record *r)
{
	enum { PROCESS_NS = 60000, MAPPING_NS = 1500, PAGE_NS = 30, PAGE = 4096 };
	uint64_t ns = PROCESS_NS;

	for (uint32_t i = 0; i < r->count; i++)
		ns += r->groups[i].mappings * MAPPING_NS +
		      r->groups[i].counters.bytes[COUNTER_RSS] / PAGE * PAGE_NS;
	return ns;
}

/* Those in doubt come first. */
static int by_age(const void *a, const void *b)
{
	struct watched *const *const *first = a, *const *const *second = b;
	const struct watched *x = **first, *y = **second;

	if (x->doubted != y->doubted)
		return x->doubted ? -1 : 1;
	if (x->read_at != y->read_at)
		return x->read_at < y->read_at ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Of a process that timed out, only activity may show that it is worth trying again. */
static bool has_turns(const struct turns *t, const struct watched *p)
{
	return p->activity.has_memory && !(t->spares && p->record->how & HOW_BIT(HOW_TIMED_OUT));
}

bool turns_choose(struct turns *t, struct past *past, struct state *s)
{
	struct watched ***kept = calloc(s->count + 1, sizeof(*kept));
	size_t count = 0, doubted = 0, most;
	uint64_t spent = 0;

	if (!kept)
		return false;
	for (size_t i = 0; i < s->count; i++) {
		struct watched **at = &s->processes[i];

		if (!*at || !has_turns(t, *at))
			continue;
		kept[count++] = at;
		doubted += (*at)->doubted;
	}
	if (count)
		qsort(kept, count, sizeof(*kept), by_age);
	t->due = t->due % t->length + count;
	most = t->due / t->length > doubted ? t->due / t->length : doubted;
	for (size_t i = 0; i < count && i < most; i++) {
		spent += cost_of((*kept[i])->record);
		if (i > 0 && t->budget_ns > 0 && spent > t->budget_ns)
			break;
		watched_release(past, *kept[i]);
		*kept[i] = NULL;
	}
	free(kept);
	return true;
}
