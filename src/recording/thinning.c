#include "recording/thinning.h"

#include "recording/state.h"

#include <stdio.h>
#include <stdlib.h>

/* How much is thinned at once, in steps of the tier: the whole states of that time become one. */
enum { STEPS_AT_ONCE = 36 };

struct tiers tiers_default(void)
{
	const uint64_t minute = 60000, hour = 60 * minute;

	return (struct tiers){{{6 * hour, minute}, {48 * hour, 10 * minute}}, 2};
}

/* The course of a group during the current step. */
struct course {
	struct group before; /* at the end of the previous step */
	struct extremes pss, swap;
};

struct thinning {
	const struct database *db;
	uint64_t step_ms;
	struct past_state state;
	struct course *courses; /* by symbol, as the state has them */
	uint32_t count, capacity;
	bool begun;    /* a whole sample was read: groups that appear later did not exist before */
	uint64_t base; /* of the samples kept; 0 until there is one */
	struct sample kept; /* the last sample of the step */
	uint64_t cpu_us, reading_us, lost;
	sqlite3_stmt *insert, *bound, *insert_sample;
};

static void include(struct extremes *x, bool known, uint64_t value)
{
	if (!known)
		return;
	if (!x->known)
		*x = (struct extremes){true, value, value};
	x->least = value < x->least ? value : x->least;
	x->most = value > x->most ? value : x->most;
}

static void include_all(struct extremes *x, const struct extremes *others)
{
	include(x, others->known, others->least);
	include(x, others->known, others->most);
}

/* A group that is gone has no memory. */
static void include_group(struct course *c, const struct group *g)
{
	bool gone = g->processes == 0;

	include(&c->pss, gone || counters_know(&g->counters, COUNTER_PSS),
		g->counters.bytes[COUNTER_PSS]);
	include(&c->swap, gone || counters_know(&g->counters, COUNTER_SWAP),
		g->counters.bytes[COUNTER_SWAP]);
}

/* Makes a course for each group of the state. */
static bool follow(struct thinning *t)
{
	if (t->state.capacity > t->capacity) {
		void *larger = reallocarray(t->courses, t->state.capacity, sizeof(*t->courses));

		if (!larger)
			return false;
		t->courses = larger;
		t->capacity = t->state.capacity;
	}
	for (; t->count < t->state.numbers.count; t->count++) {
		t->courses[t->count] = (struct course){.pss = {false, 0, 0}};
		if (t->begun)
			include_group(&t->courses[t->count], &t->courses[t->count].before);
	}
	return true;
}

static int take_row(void *ctx, const struct usage *row, struct error *e)
{
	struct thinning *t = ctx;
	struct course *c;

	if (!follow(t))
		return error_memory(e);
	c = &t->courses[past_state_at(&t->state, row->grp) - t->state.list];
	include_group(c, &row->group);
	include_all(&c->pss, &row->pss);
	include_all(&c->swap, &row->swap);
	return 0;
}

/* Groups that a whole state does not have are gone. */
static int end_sample(void *ctx, const struct sample *s, struct error *e)
{
	struct thinning *t = ctx;

	if (!follow(t))
		return error_memory(e);
	for (uint32_t i = 0; s->base == s->number && i < t->count; i++) {
		if (t->state.list[i].group.processes == 0)
			include_group(&t->courses[i], &t->state.list[i].group);
	}
	t->begun = true;
	t->kept = *s;
	t->cpu_us += s->cpu_us;
	t->reading_us = s->reading_us > t->reading_us ? s->reading_us : t->reading_us;
	t->lost += s->lost;
	return 0;
}

static struct extremes beyond(const struct extremes *x, uint64_t value)
{
	static const struct extremes none = {false, 0, 0};

	return x->known && (x->least != value || x->most != value) ? *x : none;
}

/* Writes the groups that differ from the previous step, or differed in between. */
static int write_rows(struct thinning *t, uint64_t *sum, struct error *e)
{
	bool whole = t->kept.base == t->kept.number;

	for (uint32_t i = 0; i < t->count; i++) {
		struct course *c = &t->courses[i];
		struct usage u = t->state.list[i];
		bool there = u.group.processes > 0;

		u.sample = t->kept.number;
		u.pss = beyond(&c->pss, u.group.counters.bytes[COUNTER_PSS]);
		u.swap = beyond(&c->swap, u.group.counters.bytes[COUNTER_SWAP]);
		if (u.pss.known || u.swap.known || (whole && there) ||
		    !usage_equals(&u.group, &c->before)) {
			*sum += usage_checksum(&u);
			if (usage_write(t->db, t->insert, t->bound, &u, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* The next step begins with the current state. */
static void begin_step(struct thinning *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		struct course *c = &t->courses[i];

		*c = (struct course){.before = t->state.list[i].group};
		include_group(c, &c->before);
	}
	t->cpu_us = t->reading_us = t->lost = 0;
}

static int delete_between(const struct database *d, const char *sql, uint64_t first, uint64_t last,
			  struct error *e)
{
	sqlite3_stmt *s = database_prepare(d, sql, e);
	int status;

	if (!s)
		return -1;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)first);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)last);
	status = database_finish(d, s, e);
	sqlite3_finalize(s);
	return status;
}

/* Merges the samples from `first` to `last` into one. */
static int thin_step(struct thinning *t, uint64_t first, uint64_t last, struct error *e)
{
	const struct past_reading reading = {&t->state, take_row, end_sample, t};
	uint64_t sum = 0;

	if (past_read(t->db, &reading, first, last, e) < 0 ||
	    delete_between(t->db, "DELETE FROM usage WHERE sample BETWEEN ?1 AND ?2", first, last,
			   e) < 0 ||
	    delete_between(t->db, "DELETE FROM at_least WHERE sample BETWEEN ?1 AND ?2", first,
			   last, e) < 0 ||
	    delete_between(t->db, "DELETE FROM sample WHERE sample BETWEEN ?1 AND ?2", first, last,
			   e) < 0)
		return -1;
	t->kept.base = t->base ? t->base : t->kept.number;
	t->kept.span_ms = t->step_ms;
	t->kept.cpu_us = t->cpu_us;
	t->kept.reading_us = t->reading_us;
	t->kept.lost = t->lost;
	if (write_rows(t, &sum, e) < 0 ||
	    sample_write(t->db, t->insert_sample, &t->kept, sum, e) < 0)
		return -1;
	t->base = t->kept.base;
	begin_step(t);
	return 0;
}

/* The last sample of the step that begins with `first`, but not beyond `last`. 0, or -1 with *e. */
static int find_step(const struct thinning *t, uint64_t first, uint64_t last, uint64_t *end,
		     struct error *e)
{
	char sql[256];
	int64_t found;

	snprintf(sql, sizeof(sql),
		 "SELECT max(sample) FROM sample WHERE sample BETWEEN %llu AND %llu AND "
		 "elapsed_ms / %llu = (SELECT elapsed_ms / %llu FROM sample WHERE sample = %llu)",
		 (unsigned long long)first, (unsigned long long)last,
		 (unsigned long long)t->step_ms, (unsigned long long)t->step_ms,
		 (unsigned long long)first);
	if (database_number(t->db, sql, &found, e) < 0)
		return -1;
	*end = found < (int64_t)first ? first : (uint64_t)found;
	return 0;
}

/* The next sample, up to `last`; 0 if there is none. */
static int find_next(const struct thinning *t, uint64_t after, uint64_t last, uint64_t *next,
		     struct error *e)
{
	char sql[128];
	int64_t found;

	snprintf(sql, sizeof(sql), "SELECT min(sample) FROM sample WHERE sample > %llu",
		 (unsigned long long)after);
	if (database_number(t->db, sql, &found, e) < 0)
		return -1;
	*next = (uint64_t)found <= last ? (uint64_t)found : 0;
	return 0;
}

static int thin_steps(struct thinning *t, uint64_t first, uint64_t last, struct error *e)
{
	uint64_t end;

	while (first) {
		if (find_step(t, first, last, &end, e) < 0 || thin_step(t, first, end, e) < 0 ||
		    find_next(t, end, last, &first, e) < 0)
			return -1;
	}
	return 0;
}

static int thin_between(const struct database *d, uint64_t step_ms, uint64_t first, uint64_t last,
			struct error *e)
{
	struct thinning t = {.db = d, .step_ms = step_ms};
	int status = -1;

	past_state_init(&t.state);
	t.insert = database_prepare(d, usage_insert, e);
	t.bound = t.insert ? database_prepare(d, bound_insert, e) : NULL;
	t.insert_sample = t.bound ? database_prepare(d, sample_insert, e) : NULL;
	if (t.insert_sample && database_run(d, "BEGIN IMMEDIATE", e) == 0 &&
	    thin_steps(&t, first, last, e) == 0)
		status = 0;
	sqlite3_finalize(t.insert);
	sqlite3_finalize(t.bound);
	sqlite3_finalize(t.insert_sample);
	past_state_free(&t.state);
	free(t.courses);
	return status == 0 ? database_run(d, "COMMIT", e) : -1;
}

/* Finds samples that can be thinned together: whole states with their changes, of one run and old
 * enough. 1 with the first and the last sample, 0 if there is nothing to thin, -1 with *e. */
static int find_work(const struct database *d, const struct tier *tier, uint64_t now_ms,
		     uint64_t *first, uint64_t *last, struct error *e)
{
	static const char oldest[] = SAMPLE_SELECT
		"WHERE sample = (SELECT base FROM sample WHERE span_ms < ?1 AND elapsed_ms < ?2 "
		"ORDER BY sample LIMIT 1)";
	static const char next_base[] =
		SAMPLE_SELECT "WHERE sample > ?1 AND base = sample AND sample > ?2 "
			      "ORDER BY sample LIMIT 1";
	uint64_t limit = now_ms - tier->age_ms, rows, end = 0;
	struct sample begin, next;
	int found = sample_find(d, oldest, tier->step_ms, limit, &begin, &rows, e);

	if (found <= 0)
		return found;
	*first = begin.number;
	for (next = begin;;) {
		found = sample_find(d, next_base, next.number, 0, &next, &rows, e);
		if (found < 0)
			return -1;
		/* All samples before this one are older. */
		if (found == 0 || next.elapsed_ms > limit)
			return 0;
		end = next.number;
		if (next.run != begin.run || next.span_ms >= tier->step_ms ||
		    next.elapsed_ms - begin.elapsed_ms >= STEPS_AT_ONCE * tier->step_ms)
			break;
	}
	*last = end - 1;
	return 1;
}

int thin(const struct database *d, const struct tiers *tiers, uint64_t now_ms, struct error *e)
{
	for (unsigned i = 0; i < tiers->count; i++) {
		const struct tier *tier = &tiers->list[i];
		uint64_t first, last;
		int found;

		while (now_ms > tier->age_ms &&
		       (found = find_work(d, tier, now_ms, &first, &last, e)) != 0) {
			if (found < 0 || thin_between(d, tier->step_ms, first, last, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* Takes a number with a unit, as in all durations, off the text. */
static bool take_time(const char **text, uint64_t *ms)
{
	static const struct {
		char unit;
		uint64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	char *end;
	unsigned long long number = strtoull(*text, &end, 10);

	if (end == *text || **text < '0' || **text > '9' || number == 0 || number > 100000000)
		return false;
	*ms = number * 1000;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (*end == units[i].unit) {
			*ms = number * units[i].ms;
			end++;
			break;
		}
	}
	*text = end;
	return true;
}

bool tiers_parse(const char *text, struct tiers *tiers)
{
	*tiers = (struct tiers){.count = 0};
	if (strcmp(text, "none") == 0)
		return true;
	while (tiers->count < TIERS_MAX) {
		struct tier *t = &tiers->list[tiers->count];

		if (!take_time(&text, &t->age_ms) || *text++ != ':' ||
		    !take_time(&text, &t->step_ms))
			return false;
		if (tiers->count && (t->age_ms <= t[-1].age_ms || t->step_ms <= t[-1].step_ms))
			return false;
		tiers->count++;
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
	return false;
}
