#include "watch/relatives.h"

#include "collect/sharing.h"

#include <stdlib.h>

/* Signs of processes that have begun or ended. */
struct changed {
	struct memory_signs *list;
	size_t count;
};

static int by_signs(const void *a, const void *b)
{
	const struct memory_signs *x = a, *y = b;

	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

static void add(struct changed *c, const struct activity *a)
{
	if (a && a->signs.code)
		c->list[c->count++] = a->signs;
}

/* Compares two looks at one pid, either of which may be NULL. */
static void compare(struct changed *c, const struct activity *then, const struct activity *now)
{
	if (then && now && then->start_time == now->start_time &&
	    signs_equal(then->signs, now->signs))
		return;
	add(c, then);
	add(c, now);
}

static void find_changed(struct changed *c, const struct state *before, const struct looks *looks,
			 size_t count)
{
	size_t b = 0, i = 0;

	while (b < before->count || i < count) {
		const struct watched *then = b < before->count ? before->processes[b] : NULL;
		const struct activity *now = i < count ? &looks->activities[i] : NULL;

		if (then && now && then->pid > looks->handles[i].pid)
			then = NULL;
		else if (then && now && then->pid < looks->handles[i].pid)
			now = NULL;
		compare(c, then ? &then->activity : NULL, now);
		b += then != NULL;
		i += now != NULL;
	}
}

bool relatives_doubt(const struct state *before, const struct looks *looks,
		     const struct state *kept)
{
	struct changed c = {calloc(2 * (before->count + kept->count) + 1, sizeof(*c.list)), 0};

	if (!c.list)
		return false;
	if (before->count)
		find_changed(&c, before, looks, kept->count);
	if (c.count)
		qsort(c.list, c.count, sizeof(*c.list), by_signs);
	for (size_t i = 0; c.count && i < kept->count; i++) {
		struct watched *p = kept->processes[i];

		if (p && bsearch(&p->activity.signs, c.list, c.count, sizeof(*c.list), by_signs))
			p->doubted = true;
	}
	free(c.list);
	return true;
}
