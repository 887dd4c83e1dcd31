#include "watch/past.h"

#include <stdlib.h>

enum {
	BYTES_MAX = 32 << 20, /* for all moments together */
	PARTS = 4,	      /* a moment may take at most one part in so many */
};

static size_t group_bytes(const struct grouping *by)
{
	return sizeof(struct size) + by->count * sizeof(symbol);
}

bool past_has_room(const struct grouping *by, size_t groups)
{
	return groups <= BYTES_MAX / PARTS / group_bytes(by);
}

static uint64_t size_in(const struct group *g, enum counter counter)
{
	return counters_know(&g->counters, counter) ? g->counters.bytes[counter] : UINT64_MAX;
}

struct sizes *past_make_sizes(struct past *p, const struct record *r, const struct grouping *by,
			      uint64_t moves)
{
	size_t bytes = sizeof(struct sizes) + r->count * group_bytes(by);
	struct sizes *s = malloc(bytes);

	if (!s)
		return NULL;
	*s = (struct sizes){.holders = 1, .moved = moves, .bytes = bytes, .count = r->count};
	s->list = (struct size *)(void *)(s + 1);
	s->keys = (symbol *)(void *)(s->list + r->count);
	for (uint32_t i = 0; i < r->count; i++)
		s->list[i] = (struct size){size_in(&r->groups[i], COUNTER_PSS),
					   size_in(&r->groups[i], COUNTER_RSS)};
	if (r->count)
		memcpy(s->keys, r->keys, (size_t)r->count * by->count * sizeof(*s->keys));
	p->bytes += bytes;
	return s;
}

void past_release(struct past *p, struct sizes *s)
{
	if (!s || --s->holders > 0)
		return;
	p->bytes -= s->bytes;
	free(s);
}

static void drop_oldest(struct past *p)
{
	struct moment *oldest = &p->moments[0];

	for (size_t i = 0; i < oldest->count; i++)
		past_release(p, oldest->list[i]);
	free(oldest->list);
	p->count--;
	memmove(p->moments, p->moments + 1, p->count * sizeof(*p->moments));
}

void past_add(struct past *p, struct moment moment)
{
	if (p->count == PAST_MAX)
		drop_oldest(p);
	p->moments[p->count++] = moment;
	while (p->count > 1 && p->bytes > BYTES_MAX)
		drop_oldest(p);
}

void past_clear(struct past *p)
{
	while (p->count > 0)
		drop_oldest(p);
}

static bool move_sizes(struct sizes *s, struct translation *t, const struct grouping *by,
		       uint64_t moves)
{
	if (s->moved == moves)
		return true;
	s->moved = moves;
	for (uint32_t i = 0; i < s->count; i++) {
		if (!translate_key(t, by, s->keys + (size_t)i * by->count))
			return false;
	}
	return true;
}

bool past_move(struct past *p, struct translation *t, const struct grouping *by, uint64_t moves)
{
	for (unsigned m = 0; m < p->count; m++) {
		for (size_t i = 0; i < p->moments[m].count; i++) {
			if (!move_sizes(p->moments[m].list[i], t, by, moves))
				return false;
		}
	}
	return true;
}
