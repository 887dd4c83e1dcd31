#include "model/delta.h"

#include "model/translate.h"

#include <stdlib.h>

/* Finds, for each group of a side, its index among the rows. */
static bool place(struct snapshot *rows, const struct snapshot *side,
		  void (*put)(struct delta_row *row, const struct group *group),
		  struct delta_row *list)
{
	struct translation t;
	bool placed = true;

	translation_init(&t, &side->symbols, &rows->symbols);
	for (uint32_t i = 0; placed && i < aggregate_count(&side->groups); i++) {
		symbol key[KEY_COUNT];
		const struct group *row;

		memcpy(key, aggregate_key(&side->groups, i), side->by.count * sizeof(*key));
		placed = translate_key(&t, &side->by, key);
		row = placed ? aggregate_find(&rows->groups, key) : NULL;
		if (row)
			put(&list[row - rows->groups.groups], &side->groups.groups[i]);
	}
	translation_free(&t);
	return placed;
}

static void put_before(struct delta_row *row, const struct group *group)
{
	row->in_before = true;
	row->before = *group;
}

static void put_after(struct delta_row *row, const struct group *group)
{
	row->in_after = true;
	row->after = *group;
}

/* Whether a side may have memory that is in none of its groups. */
static bool is_open(const struct snapshot *side)
{
	const struct coverage *c = &side->coverage;

	return side->rows_left_out || (c->seen > 0 && c->by_outcome[OUTCOME_READ] == 0);
}

/* If no process is selected, there is no memory. */
static struct group totals_of(const struct snapshot *side)
{
	struct group none;

	group_zero(&none);
	return side->source != SOURCE_REPORT && side->coverage.seen + side->coverage.unmatched == 0
		       ? none
		       : side->totals;
}

static bool fill(struct delta *d)
{
	uint32_t count = aggregate_count(&d->rows.groups);

	d->list = calloc((size_t)count + 1, sizeof(*d->list));
	if (!d->list)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		group_zero(&d->list[i].before);
		group_zero(&d->list[i].after);
	}
	if (!place(&d->rows, d->before, put_before, d->list) ||
	    !place(&d->rows, d->after, put_after, d->list))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		d->list[i].before_open = !d->list[i].in_before && is_open(d->before);
		d->list[i].after_open = !d->list[i].in_after && is_open(d->after);
	}
	return true;
}

int delta_make(struct delta *d, const struct snapshot *before, const struct snapshot *after,
	       struct error *e)
{
	*d = (struct delta){.before = before, .after = after};
	snapshot_init(&d->rows, after->source, &after->by);
	d->rows.delta = d;
	d->totals = (struct delta_row){.in_before = true,
				       .in_after = true,
				       .before = totals_of(before),
				       .after = totals_of(after)};
	if (!snapshot_add_groups(&d->rows, &before->symbols, &before->groups) ||
	    !snapshot_add_groups(&d->rows, &after->symbols, &after->groups) || !fill(d))
		return error_memory(e);
	return 0;
}

void delta_free(struct delta *d)
{
	snapshot_free(&d->rows);
	free(d->list);
	d->list = NULL;
}

const struct delta_row *delta_row(const struct delta *d, const struct group *group)
{
	return group ? &d->list[group - d->rows.groups.groups] : &d->totals;
}
