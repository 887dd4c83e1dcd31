#include "recording/history.h"

#include "recording/asked.h"
#include "recording/seek.h"
#include "recording/stacks.h"
#include "recording/state.h"

#include <stdlib.h>

enum { NOT_WANTED = UINT32_MAX };

struct row {
	uint64_t now, peak;
	size_t peak_at;
	bool known;	     /* at the current sample */
	struct track *track; /* in the second pass; or NULL */
};

struct history {
	struct recording *recording;
	const struct recall *what;
	struct grouping recorded;
	const struct sample *first;
	struct snapshot *snapshot;
	struct timeline *timeline;
	sqlite3_stmt *identity;
	struct past_state state;
	uint32_t *rows_of; /* for each group of the state, the index of its row, or NOT_WANTED */
	uint32_t mapped, map_capacity;
	struct row *rows; /* one for each group of the snapshot */
	uint32_t row_capacity;
	struct stacks stacks;
	bool *found;
	size_t at, capacity; /* instants */
	uint64_t first_elapsed_ms, last_elapsed_ms, last_reach_ms, last_run;
	bool second;
};

/* Returns an array with that capacity, whose new elements are zero. NULL if out of memory; the old
 * one then remains. */
static void *grow(void *list, uint32_t *capacity, uint32_t wanted, size_t size)
{
	uint32_t larger = 2 * wanted + 64;
	char *grown;

	if (wanted <= *capacity)
		return list;
	grown = reallocarray(list, larger, size);
	if (grown) {
		memset(grown + *capacity * size, 0, (larger - *capacity) * size);
		*capacity = larger;
	}
	return grown;
}

static bool grow_rows(struct history *h, uint32_t wanted)
{
	void *larger = grow(h->rows, &h->row_capacity, wanted, sizeof(*h->rows));

	h->rows = larger ? larger : h->rows;
	return larger != NULL;
}

static bool grow_map(struct history *h, uint32_t wanted)
{
	void *larger = grow(h->rows_of, &h->map_capacity, wanted, sizeof(*h->rows_of));

	h->rows_of = larger ? larger : h->rows_of;
	return larger != NULL;
}

static int find_row(struct history *h, const struct identity *id, uint32_t *row, struct error *e)
{
	struct aggregate *groups = &h->snapshot->groups;
	uint32_t before = aggregate_count(groups);
	symbol key[KEY_COUNT];
	struct group *group;
	int wanted = id->kind.known ? asked_wants(h->what, id, h->found) : 0;

	*row = NOT_WANTED;
	if (wanted == 0)
		return 0;
	if (wanted < 0 || !asked_key(&h->recorded, h->what, id, &h->snapshot->symbols, key))
		return error_memory(e);
	group = aggregate_group(groups, key);
	if (!group || !grow_rows(h, aggregate_count(groups)))
		return error_memory(e);
	if (aggregate_count(groups) > before)
		group->processes = 0;
	*row = (uint32_t)(group - groups->groups);
	return 0;
}

static int map_group(struct history *h, uint32_t at, struct error *e)
{
	struct identity id;

	if (identity_get(&h->recording->db, h->identity, h->state.list[at].grp, &id, e) < 0)
		return -1;
	return find_row(h, &id, &h->rows_of[at], e);
}

static int map_groups(struct history *h, struct error *e)
{
	if (h->state.numbers.count > 0 && !grow_map(h, h->state.numbers.count))
		return error_memory(e);
	for (; h->mapped < h->state.numbers.count; h->mapped++) {
		if (map_group(h, h->mapped, e) < 0)
			return -1;
	}
	return 0;
}

static uint64_t add(uint64_t sum, uint64_t bytes)
{
	return bytes > COUNTER_MAX - sum ? COUNTER_MAX : sum + bytes;
}

/* Sums up the current size of each row, and of all. */
static uint64_t sum_up(struct history *h)
{
	enum counter counter = h->timeline->counter;
	uint64_t total = 0;

	for (uint32_t i = 0; i < aggregate_count(&h->snapshot->groups); i++) {
		h->rows[i].now = 0;
		h->rows[i].known = true;
	}
	for (uint32_t i = 0; i < h->mapped; i++) {
		const struct group *group = &h->state.list[i].group;
		struct row *row;

		if (h->rows_of[i] == NOT_WANTED || group->processes == 0)
			continue;
		row = &h->rows[h->rows_of[i]];
		row->now = add(row->now, group->counters.bytes[counter]);
		row->known &= counters_know(&group->counters, counter);
		total = add(total, group->counters.bytes[counter]);
	}
	return total;
}

static void note_peaks(struct history *h)
{
	stacks_clear(&h->stacks);
	for (uint32_t i = 0; i < aggregate_count(&h->snapshot->groups); i++) {
		struct row *row = &h->rows[i];

		stacks_add(&h->stacks, i, row->known, row->now);
		if (row->now > row->peak) {
			row->peak = row->now;
			row->peak_at = h->at;
		}
		if (row->track)
			row->track->values[h->at] = row->known ? row->now : TIMELINE_UNKNOWN;
	}
	stacks_note(&h->stacks, h->at);
}

/* Another boot has other processes, however soon it comes. 0, or -1 with *e. */
static int note_gap(struct history *h, const struct sample *s, struct instant *now, struct error *e)
{
	bool rebooted = false;

	if (h->at > 0 && seek_is_other_boot(h->recording, h->last_run, s->run, &rebooted, e) < 0)
		return -1;
	now->after_gap =
		h->at > 0 && (rebooted || s->elapsed_ms - h->last_elapsed_ms > h->last_reach_ms);
	h->last_run = s->run;
	h->last_elapsed_ms = s->elapsed_ms;
	h->last_reach_ms = sample_reach_ms(s);
	return 0;
}

/* Times must increase, even if a clock was set back. */
static void note_time(struct history *h, const struct sample *s, struct instant *now)
{
	struct timeline *t = h->timeline;

	if (h->at == 0)
		h->first_elapsed_ms = s->elapsed_ms;
	now->time_ms = s->time_ms;
	if (h->at > 0 && !t->clock_set && now->time_ms <= now[-1].time_ms)
		t->clock_set = true;
	if (t->clock_set) {
		uint64_t since = t->instants[0].time_ms + s->elapsed_ms - h->first_elapsed_ms;

		now->time_ms = since > now[-1].time_ms ? since : now[-1].time_ms + 1;
	}
}

static int note_instant(struct history *h, const struct sample *s, uint64_t total, struct error *e)
{
	struct timeline *t = h->timeline;

	if (h->at == h->capacity) {
		size_t capacity = 2 * h->capacity + 1024;
		void *larger = reallocarray(t->instants, capacity, sizeof(*t->instants));

		if (!larger)
			return error_memory(e);
		t->instants = larger;
		h->capacity = capacity;
	}
	t->instants[h->at] = (struct instant){.total = total, .meminfo = s->meminfo};
	note_time(h, s, &t->instants[h->at]);
	t->count = h->at + 1;
	return note_gap(h, s, &t->instants[h->at], e);
}

/* Both passes take as long. */
static void tell_progress(const struct history *h, const struct sample *s)
{
	uint64_t all = h->recording->sample.number - h->first->number + 1,
		 done = s->number - h->first->number + 1 + (h->second ? all : 0);

	if (h->what->progress)
		h->what->progress(h->what->progress_ctx, (unsigned)(50 * done / all));
}

static int end_sample(void *ctx, const struct sample *s, struct error *e)
{
	struct history *h = ctx;
	uint64_t total;

	if (s->number < h->first->number)
		return 0;
	if (map_groups(h, e) < 0)
		return -1;
	if (!stacks_learn(&h->stacks))
		return error_memory(e);
	total = sum_up(h);
	if (!h->second && note_instant(h, s, total, e) < 0)
		return -1;
	note_peaks(h);
	h->at++;
	tell_progress(h, s);
	return 0;
}

static int read_all(struct history *h, struct error *e)
{
	const struct past_reading reading = {.state = &h->state, .end = end_sample, .ctx = h};

	h->at = 0;
	past_state_clear(&h->state);
	return past_read(&h->recording->db, &reading, h->first->base, h->recording->sample.number,
			 e);
}

struct candidate {
	uint32_t group;
	uint64_t peak;
	size_t peak_at;
};

static int by_peak(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->peak != y->peak)
		return x->peak > y->peak ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

static bool add_track(struct history *h, const struct candidate *c)
{
	struct timeline *t = h->timeline;
	struct track *track = &t->tracks[t->track_count];

	*track = (struct track){c->group, c->peak, c->peak_at,
				calloc(t->count + 1, sizeof(*track->values))};
	t->track_count++;
	h->rows[c->group].track = track;
	return track->values != NULL;
}

/* Gives the largest rows a track. */
static int choose_tracks(struct history *h, struct error *e)
{
	uint32_t rows = aggregate_count(&h->snapshot->groups), count = 0;
	struct candidate *list = calloc(rows + 1, sizeof(*list));
	bool whole;

	h->timeline->tracks = calloc(TRACKS_MAX, sizeof(*h->timeline->tracks));
	whole = list && h->timeline->tracks;
	for (uint32_t i = 0; whole && i < rows; i++) {
		if (h->rows[i].peak > 0)
			list[count++] = (struct candidate){i, h->rows[i].peak, h->rows[i].peak_at};
	}
	if (count)
		qsort(list, count, sizeof(*list), by_peak);
	for (uint32_t i = 0; whole && i < count && i < TRACKS_MAX; i++)
		whole = add_track(h, &list[i]);
	free(list);
	return whole && stacks_choose(&h->stacks, h->timeline) ? 0 : error_memory(e);
}

static int read_twice(struct history *h, struct error *e)
{
	struct database *d = &h->recording->db;
	struct machine machine;
	bool guesses;

	h->identity = database_prepare(d, identity_select(d->version), e);
	if (!h->identity ||
	    recording_read_run(h->recording, &machine, &guesses, &h->recorded, e) < 0 ||
	    read_all(h, e) < 0 || choose_tracks(h, e) < 0)
		return -1;
	h->second = true;
	return read_all(h, e);
}

int recording_history(struct recording *r, const struct recall *what, const struct sample *first,
		      enum counter counter, struct snapshot *s, struct timeline *t, struct error *e)
{
	struct history h = {
		.recording = r, .what = what, .first = first, .snapshot = s, .timeline = t};
	int status;

	*t = (struct timeline){.counter = counter};
	past_state_init(&h.state);
	stacks_init(&h.stacks, s);
	h.found = calloc(what->pid_count + 1, sizeof(*h.found));
	status = h.found && grow_rows(&h, aggregate_count(&s->groups) + 1) ? read_twice(&h, e)
									   : error_memory(e);
	sqlite3_finalize(h.identity);
	past_state_free(&h.state);
	stacks_free(&h.stacks);
	free(h.rows_of);
	free(h.rows);
	free(h.found);
	return status;
}
