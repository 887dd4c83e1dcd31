#include "source/internal.h"

#include <stdlib.h>

bool target_list_add_pid(struct target_list *list, pid_t pid)
{
	enum { FIRST = 256 };

	/* The capacity is FIRST, or the power of two at or above the count. */
	if (list->count == 0 || (list->count >= FIRST && (list->count & (list->count - 1)) == 0)) {
		size_t capacity = list->count ? 2 * list->count : FIRST;
		void *larger = reallocarray(list->targets, capacity, sizeof(*list->targets));

		if (!larger)
			return false;
		list->targets = larger;
	}
	list->targets[list->count++] = (struct target){.pid = pid};
	return true;
}

static int by_weight(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

void target_list_sort(struct target_list *list)
{
	if (list->count)
		qsort(list->targets, list->count, sizeof(*list->targets), by_weight);
}
