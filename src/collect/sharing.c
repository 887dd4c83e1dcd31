#include "collect/sharing.h"

#include <stdlib.h>
#include <string.h>

int memory_user_compare(const void *a, const void *b)
{
	const struct memory_user *x = a, *y = b;

	if (x->signs.code != y->signs.code)
		return x->signs.code < y->signs.code ? -1 : 1;
	if (x->signs.stack != y->signs.stack)
		return x->signs.stack < y->signs.stack ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Processes that look alike, ordered by memory. */
struct order {
	const struct source *source;
	struct sharing *sharing;
	struct memory_user **list;
	size_t count;
};

static void remove_at(struct order *o, size_t at)
{
	o->count--;
	for (size_t i = at; i < o->count; i++)
		o->list[i] = o->list[i + 1];
}

static void insert_at(struct order *o, size_t at, struct memory_user *user)
{
	for (size_t i = o->count; i > at; i--)
		o->list[i] = o->list[i - 1];
	o->list[at] = user;
	o->count++;
}

static void join(struct order *o, struct memory_user *user, struct memory_user *other)
{
	if (other->set == 0)
		other->set = ++o->sharing->sets;
	user->set = other->set;
}

/* Inserts a user by binary search. False if the source cannot compare. */
static bool place(struct order *o, struct memory_user *user)
{
	size_t low = 0, high = o->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		switch (source_compare(o->source, user->pid, o->list[middle]->pid)) {
		case MEMORY_SAME:
			join(o, user, o->list[middle]);
			return true;
		case MEMORY_BEFORE:
			high = middle;
			break;
		case MEMORY_AFTER:
			low = middle + 1;
			break;
		case MEMORY_GONE:
			if (source_compare(o->source, user->pid, user->pid) == MEMORY_GONE)
				return true;
			remove_at(o, middle);
			high--;
			break;
		case MEMORY_UNKNOWN:
			return false;
		}
	}
	insert_at(o, low, user);
	return true;
}

/* `run` has all users that look alike; the order gets one user of each memory. */
static void compare_run(struct order *o, struct memory_user *run, size_t count)
{
	size_t i = 0;

	o->count = 0;
	while (i < count && place(o, &run[i]))
		i++;
	if (i == count)
		return;
	o->sharing->likes++;
	for (i = 0; i < count; i++) {
		run[i].set = 0;
		run[i].like = o->sharing->likes;
	}
}

static size_t run_length(const struct memory_user *users, size_t count)
{
	size_t n = 1;

	while (n < count && signs_equal(users[n].signs, users[0].signs))
		n++;
	return n;
}

int sharing_find(const struct source *s, struct memory_user *users, size_t count,
		 struct sharing *sharing, struct error *e)
{
	struct order order = {.source = s, .sharing = sharing};

	*sharing = (struct sharing){0, 0};
	order.list = calloc(count + 1, sizeof(void *));
	if (!order.list)
		return error_memory(e);
	if (count)
		qsort(users, count, sizeof(*users), memory_user_compare);
	for (size_t i = 0, n; i < count; i += n) {
		n = run_length(&users[i], count - i);
		if (n > 1 && users[i].signs.code != 0)
			compare_run(&order, &users[i], n);
	}
	free(order.list);
	return 0;
}
