#include "report/order.h"

#include <stdlib.h>

/* Context for comparing two groups. */
struct order {
	const struct snapshot *snapshot;
	const struct column *sort;
	bool falling;
	const struct column *keys[COLUMNS_MAX];
	size_t key_count;
};

static struct cell cell_of(const struct order *o, const struct column *column, uint32_t group)
{
	const struct column_input in = {
		.snapshot = o->snapshot,
		.group = &o->snapshot->groups.groups[group],
		.key = aggregate_key(&o->snapshot->groups, group),
	};

	return column->get(column, &in);
}

/* Compares two known cells. */
static int compare_values(enum cell_type type, const struct cell *a, const struct cell *b)
{
	switch (type) {
	case CELL_TEXT:
		return slice_compare(a->text, b->text);
	case CELL_PERCENT:
		return (a->percent > b->percent) - (a->percent < b->percent);
	case CELL_CHANGE:
		return (a->change > b->change) - (a->change < b->change);
	case CELL_GRAPH: /* not ordered */
		return 0;
	case CELL_BOUNDS:
		if (a->number == b->number)
			return (a->most > b->most) - (a->most < b->most);
		break;
	case CELL_NUMBER:
	case CELL_BYTES:
	case CELL_ADDRESS:
	case CELL_STATE:
		break;
	}
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_by(const struct order *o, const struct column *column, bool falling, uint32_t x,
		      uint32_t y)
{
	struct cell a = cell_of(o, column, x), b = cell_of(o, column, y);
	bool a_has = a.known || a.at_least, b_has = b.known || b.at_least;
	int order;

	if (!a_has || !b_has)
		return (int)b_has - (int)a_has;
	order = compare_values(column->type, &a, &b);
	return falling ? -order : order;
}

static int compare_groups(const void *x, const void *y, void *ctx)
{
	const struct order *o = ctx;
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	int order = compare_by(o, o->sort, o->falling, a, b);

	for (size_t i = 0; order == 0 && i < o->key_count; i++)
		order = compare_by(o, o->keys[i], false, a, b);
	return order;
}

uint32_t *order_groups(const struct snapshot *s, const struct column *sort, bool falling)
{
	uint32_t count = aggregate_count(&s->groups);
	uint32_t *groups = calloc((size_t)count + 1, sizeof(*groups));
	bool pss = counters_know(&s->totals.counters, COUNTER_PSS);
	struct order o = {.snapshot = s, .sort = sort, .falling = falling};

	if (!groups)
		return NULL;
	if (!o.sort) {
		o.sort = column_find(pss ? SLICE("pss") : SLICE("rss"));
		o.falling = true;
	}
	for (unsigned i = 0; i < s->by.count; i++)
		o.key_count += column_of_key(s->by.keys[i], true, o.keys + o.key_count);
	/* Mappings of two processes may look alike in all columns. */
	if (grouping_has(&s->by, KEY_MAPPING))
		o.key_count += column_of_key(KEY_PROCESS, true, o.keys + o.key_count);
	for (uint32_t i = 0; i < count; i++)
		groups[i] = i;
	qsort_r(groups, count, sizeof(*groups), compare_groups, &o);
	return groups;
}
