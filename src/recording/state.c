#include "recording/state.h"

#include <inttypes.h>
#include <stdlib.h>

void past_state_init(struct past_state *s)
{
	*s = (struct past_state){.list = NULL};
	intern_init(&s->numbers);
}

void past_state_free(struct past_state *s)
{
	intern_free(&s->numbers);
	free(s->list);
}

struct usage *past_state_at(struct past_state *s, uint64_t grp)
{
	uint32_t before = s->numbers.count;
	symbol at = intern(&s->numbers, (struct slice){(const char *)&grp, sizeof(grp)});

	if (at == SYMBOL_NONE)
		return NULL;
	if (at >= s->capacity) {
		uint32_t capacity = s->capacity ? 2 * s->capacity : 64;
		void *larger = reallocarray(s->list, capacity, sizeof(*s->list));

		if (!larger)
			return NULL;
		s->list = larger;
		s->capacity = capacity;
	}
	if (at == before)
		s->list[at] = (struct usage){.grp = grp};
	return &s->list[at];
}

void past_state_clear(struct past_state *s)
{
	for (uint32_t i = 0; i < s->numbers.count; i++)
		s->list[i] = (struct usage){.grp = s->list[i].grp};
}

/* Two lists of rows and one of samples, all in the order of samples. */
struct walk {
	const struct database *db;
	sqlite3_stmt *samples, *rows, *bounds;
	bool has_row, has_bound;
	struct usage row;
	struct bound bound;
};

static int next_bound(struct walk *w, struct error *e)
{
	int found = database_step(w->db, w->bounds, e);

	w->has_bound = found > 0;
	return found > 0 ? bound_read(w->db, w->bounds, &w->bound, e) : found;
}

static bool bound_is_of(const struct walk *w)
{
	return w->has_bound && w->bound.sample == w->row.sample && w->bound.grp == w->row.grp;
}

static int next_row(struct walk *w, struct error *e)
{
	int found = database_step(w->db, w->rows, e);

	w->has_row = found > 0;
	if (found <= 0)
		return found;
	if (usage_read(w->db, w->rows, &w->row, e) < 0)
		return -1;
	while (bound_is_of(w)) {
		if (!counters_know(&w->row.group.counters, w->bound.counter))
			w->row.group.counters.bytes[w->bound.counter] = w->bound.bytes;
		if (next_bound(w, e) < 0)
			return -1;
	}
	return 0;
}

static int read_sample(struct walk *w, const struct past_reading *r, const struct sample *s,
		       uint64_t expected, struct error *e)
{
	uint64_t sum = 0;

	if (s->base == s->number)
		past_state_clear(r->state);
	while (w->has_row && w->row.sample == s->number) {
		struct usage *at = past_state_at(r->state, w->row.grp);

		if (!at)
			return error_memory(e);
		*at = w->row;
		sum += usage_checksum(&w->row);
		if (r->take && r->take(r->ctx, &w->row, e) < 0)
			return -1;
		if (next_row(w, e) < 0)
			return -1;
	}
	if (sum != expected)
		return error_set(e, ERROR_MALFORMED,
				 "%s is damaged: the checksum of sample %" PRIu64 " is wrong",
				 w->db->path, s->number);
	return r->end ? r->end(r->ctx, s, e) : 0;
}

static int read_samples(struct walk *w, const struct past_reading *r, struct error *e)
{
	struct sample s;
	uint64_t rows;
	int found = 0;

	if (next_bound(w, e) < 0 || next_row(w, e) < 0)
		return -1;
	while ((found = database_step(w->db, w->samples, e)) > 0) {
		if (sample_read(w->db, w->samples, &s, &rows, e) < 0 ||
		    read_sample(w, r, &s, rows, e) < 0)
			return -1;
	}
	if (found == 0 && (w->has_row || w->has_bound))
		return error_set(e, ERROR_MALFORMED, "%s is damaged: it has rows without a sample",
				 w->db->path);
	return found;
}

static sqlite3_stmt *prepare_between(const struct database *d, const char *select, uint64_t first,
				     uint64_t last, struct error *e)
{
	sqlite3_stmt *s = database_prepare(d, select, e);

	if (s) {
		sqlite3_bind_int64(s, 1, (sqlite3_int64)first);
		sqlite3_bind_int64(s, 2, (sqlite3_int64)last);
	}
	return s;
}

int past_read(const struct database *d, const struct past_reading *r, uint64_t first, uint64_t last,
	      struct error *e)
{
	struct walk w = {.db = d};
	int status = -1;

	w.samples = prepare_between(
		d, SAMPLE_SELECT "WHERE sample BETWEEN ?1 AND ?2 ORDER BY sample", first, last, e);
	w.rows = w.samples ? prepare_between(d, usage_select, first, last, e) : NULL;
	w.bounds = w.rows ? prepare_between(d, bound_select, first, last, e) : NULL;
	if (w.bounds)
		status = read_samples(&w, r, e);
	sqlite3_finalize(w.samples);
	sqlite3_finalize(w.rows);
	sqlite3_finalize(w.bounds);
	return status;
}
