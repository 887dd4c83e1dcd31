#include "source/remembered.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	SLOTS = 1 << 13, /* a power of two */
	TRIES = 16,	 /* slots that a place can use */
	CHANGE = 8,	 /* part of the pages that must change for another look */
};

struct remembered {
	pthread_mutex_t lock;
	unsigned users;
	uint32_t refresh;
	struct slot {
		uint32_t used; /* the refresh that used it last; 0 for never */
		uint32_t count;
		struct remembered_place place;
		struct content_part parts[REMEMBERED_PARTS];
	} slots[SLOTS];
};

struct remembered *remembered_new(void)
{
	struct remembered *r = calloc(1, sizeof(*r));

	if (r && pthread_mutex_init(&r->lock, NULL) == 0) {
		r->users = 1;
		return r;
	}
	free(r);
	return NULL;
}

struct remembered *remembered_share(struct remembered *r)
{
	if (!r)
		return NULL;
	pthread_mutex_lock(&r->lock);
	r->users++;
	pthread_mutex_unlock(&r->lock);
	return r;
}

void remembered_free(struct remembered *r)
{
	unsigned left;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	left = --r->users;
	pthread_mutex_unlock(&r->lock);
	if (left > 0)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void remembered_begin(struct remembered *r)
{
	pthread_mutex_lock(&r->lock);
	r->refresh++;
	pthread_mutex_unlock(&r->lock);
}

static size_t first_slot(const struct remembered_place *p)
{
	uint64_t hash = (p->start >> 12) * UINT64_C(0x9e3779b97f4a7c15);

	hash ^= (uint64_t)p->pid * UINT64_C(0xc2b2ae3d27d4eb4f) ^ p->start_time;
	hash ^= hash >> 32;
	return (size_t)(hash & (SLOTS - 1));
}

static bool is_same(const struct remembered_place *a, const struct remembered_place *b)
{
	return a->pid == b->pid && a->start_time == b->start_time && a->start == b->start;
}

static struct slot *slot_at(struct remembered *r, size_t first, size_t i)
{
	return &r->slots[(first + i) & (SLOTS - 1)];
}

static struct slot *find(struct remembered *r, const struct remembered_place *place)
{
	size_t first = first_slot(place);

	for (size_t i = 0; i < TRIES; i++) {
		struct slot *s = slot_at(r, first, i);

		if (s->used && is_same(&s->place, place))
			return s;
	}
	return NULL;
}

/* A slot that is free or was not used in this refresh or the last; else NULL. */
static struct slot *find_free(struct remembered *r, const struct remembered_place *place)
{
	size_t first = first_slot(place);

	for (size_t i = 0; i < TRIES; i++) {
		struct slot *s = slot_at(r, first, i);

		if (s->used == 0 || s->used + 1 < r->refresh)
			return s;
	}
	return NULL;
}

static bool has_changed(const struct remembered_place *then, const struct remembered_place *now)
{
	uint64_t more = now->resident > then->resident ? now->resident - then->resident
						       : then->resident - now->resident;

	return then->end != now->end || more > then->resident / CHANGE;
}

bool remembered_find(struct remembered *r, const struct remembered_place *place,
		     struct content_part parts[REMEMBERED_PARTS], size_t *count)
{
	struct slot *s;
	bool found;

	pthread_mutex_lock(&r->lock);
	s = find(r, place);
	found = s && !has_changed(&s->place, place);
	if (found) {
		s->used = r->refresh;
		*count = s->count;
		memcpy(parts, s->parts, s->count * sizeof(*parts));
	}
	pthread_mutex_unlock(&r->lock);
	return found;
}

void remembered_keep(struct remembered *r, const struct remembered_place *place,
		     const struct content_part *parts, size_t count)
{
	struct slot *s;

	if (count > REMEMBERED_PARTS)
		return;
	pthread_mutex_lock(&r->lock);
	s = find(r, place);
	s = s ? s : find_free(r, place);
	if (s) {
		s->used = r->refresh;
		s->place = *place;
		s->count = (uint32_t)count;
		memcpy(s->parts, parts, count * sizeof(*parts));
	}
	pthread_mutex_unlock(&r->lock);
}
