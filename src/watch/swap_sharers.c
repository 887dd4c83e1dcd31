#include "watch/swap_sharers.h"

#include "collect/others.h"

#include <stdlib.h>

void swap_sharers_free(struct swap_sharers *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->records[i]);
	free(o->records);
	*o = (struct swap_sharers){NULL, 0, 0};
}

static bool take_other(void *ctx, const struct record *r)
{
	/* Nothing folds them by any key. */
	static const struct grouping none = {.count = 0};
	struct swap_sharers *o = ctx;
	struct record **larger, bare = *r;

	if (r->part_count == 0)
		return true;
	larger = reallocarray(o->records, o->count + 1, sizeof(struct record *));
	if (!larger)
		return false;
	o->records = larger;
	bare.count = 0;
	larger[o->count] = record_copy(&bare, &none);
	return larger[o->count] && ++o->count;
}

/* Reading the other processes costs more than reading the watched ones, so it is done rarely. */
static bool read_others(struct swap_sharers *o, const struct sharing *r)
{
	enum { EACH = 20 };
	struct error ignored;
	size_t count = 0;
	bool collected;
	pid_t *read;

	if (o->read_at && r->refresh - o->read_at < EACH)
		return true;
	read = calloc(r->now->count + 1, sizeof(*read));
	if (!read)
		return false;
	for (size_t i = 0; i < r->now->count; i++) {
		const struct record *record = r->now->processes[i]->record;

		if (record->match == MATCH_YES && record->outcome == OUTCOME_READ)
			read[count++] = r->now->processes[i]->pid;
	}
	swap_sharers_free(o);
	collected =
		others_collect(r->source, r->collecting, read, count, take_other, o, &ignored) == 0;
	o->read_at = collected ? r->refresh : 0;
	free(read);
	return collected;
}

static bool is_watched(const struct state *now, pid_t pid)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct watched *p = now->processes[i];

		if (p->pid == pid)
			return p->record->match == MATCH_YES && p->record->outcome == OUTCOME_READ;
	}
	return false;
}

static bool share_with_others(const struct swap_sharers *o, const struct state *now,
			      struct shares *shares)
{
	bool added = true;

	for (size_t i = 0; added && i < o->count; i++) {
		const struct record *other = o->records[i];

		added = is_watched(now, other->process.pid) || shares_add(shares, other);
	}
	return added;
}

void swap_sharers_share(struct swap_sharers *o, const struct sharing *r, struct shares *shares)
{
	bool added = true;

	shares_free(shares);
	shares_init(shares);
	for (size_t i = 0; added && i < r->now->count; i++)
		added = shares_add(shares, r->now->processes[i]->record);
	if (added && shares->count > 0 && others_exist(r->source, r->collecting))
		added = read_others(o, r) && share_with_others(o, r->now, shares);
	shares->incomplete |= !added;
	shares_measure(shares, r->source);
}
