#include "recording/player.h"

#include "model/translate.h"
#include "recording/asked.h"
#include "recording/seek.h"
#include "recording/state.h"

#include <stdlib.h>

/* The state is dropped when it has this many groups, since some of them may be gone. */
enum { GROUPS_KEPT = 16384 };

/* The process or set of a group. A group without a kind counts the processes of its set. */
struct whose {
	bool known, wanted, counts;
	symbol set;
	symbol key[KEY_COUNT]; /* symbols of the player */
};

/* A group of the current sample that is wanted. */
struct member {
	const struct whose *whose;
	const struct usage *usage;
};

struct player {
	struct recording *recording;
	struct recall what;

	struct sample sample; /* number 0 means none */
	struct past_state state;
	struct sample loaded; /* the sample of the state */
	struct machine machine;
	bool inferred;
	struct grouping recorded;
	struct recall keyed; /* like `what`, but by all available keys */

	struct intern symbols, sets; /* sets: processes, or processes that were recorded as one */
	struct whose *whose;	     /* by number of the group in the state */
	uint32_t whose_capacity;
};

struct player *player_new(struct recording *r, const struct recall *what)
{
	struct player *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->recording = r;
	p->what = *what;
	past_state_init(&p->state);
	intern_init(&p->symbols);
	intern_init(&p->sets);
	return p;
}

void player_free(struct player *p)
{
	if (!p)
		return;
	past_state_free(&p->state);
	intern_free(&p->symbols);
	intern_free(&p->sets);
	free(p->whose);
	free(p);
}

struct recording *player_recording(const struct player *p)
{
	return p->recording;
}

const struct sample *player_sample(const struct player *p)
{
	return &p->sample;
}

const struct machine *player_machine(const struct player *p)
{
	return &p->machine;
}

bool player_inferred(const struct player *p)
{
	return p->inferred;
}

const struct grouping *player_keys(const struct player *p)
{
	return &p->keyed.by;
}

size_t player_limit(const struct player *p)
{
	return p->state.numbers.count;
}

/* Reading a sample. */

/* The recorded keys first, in their order; then the keys that follow from them. */
static struct grouping complete_keys(const struct player *p)
{
	static const enum key following[] = {KEY_SUBSYSTEM, KEY_NAME, KEY_CONTAINER, KEY_POD,
					     KEY_UNIT};
	struct grouping keys = p->recorded;

	for (size_t i = 0; i < sizeof(following) / sizeof(*following); i++) {
		if (!grouping_has(&keys, following[i]) &&
		    (following[i] != KEY_SUBSYSTEM || p->what.rules))
			keys.keys[keys.count++] = following[i];
	}
	asked_leave_keys(&p->recorded, &keys);
	return keys;
}

/* Forgets the owners of groups. */
static void forget(struct player *p)
{
	if (p->whose)
		memset(p->whose, 0, p->whose_capacity * sizeof(*p->whose));
	intern_reset(&p->symbols);
	intern_reset(&p->sets);
}

static int read_run(struct player *p, struct error *e)
{
	const struct grouping before = p->recorded;

	if (recording_read_run(p->recording, &p->machine, &p->inferred, &p->recorded, e) < 0 ||
	    asked_check(p->recording, &p->recorded, &p->what, e) < 0)
		return -1;
	if (!grouping_equals(&before, &p->recorded))
		forget(p);
	p->keyed = p->what;
	p->keyed.by = complete_keys(p);
	return 0;
}

/* Drops, from time to time, what groups that are gone have left behind. */
static void tidy(struct player *p)
{
	if (p->state.numbers.count <= GROUPS_KEPT)
		return;
	past_state_free(&p->state);
	past_state_init(&p->state);
	forget(p);
}

static int read_sample(struct player *p, const struct sample *s, struct error *e)
{
	const struct past_reading reading = {.state = &p->state};
	bool follows =
		p->loaded.number > 0 && s->base == p->loaded.base && s->number >= p->loaded.number;
	uint64_t from = follows ? p->loaded.number + 1 : s->base;

	p->loaded.number = 0;
	if (!follows)
		tidy(p);
	if (from <= s->number && past_read(&p->recording->db, &reading, from, s->number, e) < 0)
		return -1;
	p->loaded = *s;
	return 0;
}

static int choose_sample(struct player *p, const struct sample *s, struct error *e)
{
	bool other_run = p->sample.number == 0 || s->run != p->sample.run;

	p->recording->sample = *s;
	p->sample.number = 0;
	if (other_run && read_run(p, e) < 0)
		return -1;
	p->sample = *s;
	sample_give_machine(s, &p->machine);
	return 0;
}

/* Everything that is read together comes from one state of the file, which may be written
 * meanwhile. Between reads, nothing keeps the writer from moving its log to the database. */
static int begin_reading(const struct database *d, struct error *e)
{
	if (!sqlite3_get_autocommit(d->db) && database_run(d, "COMMIT", e) < 0)
		return -1;
	return database_run(d, "BEGIN", e);
}

static void end_reading(const struct database *d)
{
	struct error ignored;

	database_run(d, "COMMIT", &ignored);
}

/* Finds the current form of a sample, which may have been thinned since it was found. */
static int find_again(struct player *p, const struct sample *s, struct sample *now, struct error *e)
{
	int found = seek_number(p->recording, s->number, now, e);

	if (found == 0)
		return error_set(e, ERROR_SYSTEM, "%s has no samples left", p->recording->db.path);
	return found < 0 ? -1 : 0;
}

int player_seek(struct player *p, const struct sample *s, struct error *e)
{
	struct database *d = &p->recording->db;
	struct sample now;
	int status;

	if (begin_reading(d, e) < 0)
		return -1;
	status = find_again(p, s, &now, e);
	if (status == 0)
		status = choose_sample(p, &now, e);
	end_reading(d);
	return status;
}

int player_load(struct player *p, struct error *e)
{
	struct database *d = &p->recording->db;
	struct sample now;
	int status;

	if (begin_reading(d, e) < 0)
		return -1;
	status = find_again(p, &p->sample, &now, e);
	if (status == 0)
		status = choose_sample(p, &now, e);
	if (status == 0)
		status = read_sample(p, &now, e);
	end_reading(d);
	return status;
}

/* Records. */

/* The number of the process or the set; SYMBOL_NONE if out of memory. */
static symbol find_set(struct player *p, const struct identity *id)
{
	const struct grouping by = identity_process_keys(&p->recorded);
	symbol key[KEY_COUNT];

	if (!identity_key(id, &p->symbols, &by, key))
		return SYMBOL_NONE;
	return intern(&p->sets, (struct slice){(const char *)key, by.count * sizeof(*key)});
}

static int find_whose(struct player *p, sqlite3_stmt *row, uint64_t grp, struct whose *w,
		      struct error *e)
{
	struct identity id = {.has_process = false};
	int wanted = 1;

	if (identity_get(&p->recording->db, row, grp, &id, e) < 0)
		return -1;
	w->counts = !id.kind.known;
	if (!w->counts)
		wanted = asked_wants(&p->what, &id, NULL);
	w->set = find_set(p, &id);
	if (wanted < 0 || w->set == SYMBOL_NONE ||
	    !asked_key(&p->recorded, &p->keyed, &id, &p->symbols, w->key))
		return error_memory(e);
	w->wanted = wanted > 0;
	w->known = true;
	return 0;
}

static bool reserve_whose(struct player *p)
{
	uint32_t capacity = p->state.capacity;
	struct whose *larger;

	if (capacity <= p->whose_capacity)
		return true;
	larger = reallocarray(p->whose, capacity, sizeof(*larger));
	if (!larger)
		return false;
	memset(larger + p->whose_capacity, 0, (capacity - p->whose_capacity) * sizeof(*larger));
	p->whose = larger;
	p->whose_capacity = capacity;
	return true;
}

static int find_all(struct player *p, struct error *e)
{
	struct database *d = &p->recording->db;
	sqlite3_stmt *row = database_prepare(d, identity_select(d->version), e);
	int status = row ? 0 : -1;

	if (row && !reserve_whose(p))
		status = error_memory(e);
	for (uint32_t i = 0; status == 0 && i < p->state.numbers.count; i++) {
		const struct usage *u = &p->state.list[i];

		if (u->group.processes > 0 && !p->whose[i].known)
			status = find_whose(p, row, u->grp, &p->whose[i], e);
	}
	sqlite3_finalize(row);
	return status;
}

static int by_set(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->whose->set != y->whose->set)
		return x->whose->set < y->whose->set ? -1 : 1;
	return (x->usage->grp > y->usage->grp) - (x->usage->grp < y->usage->grp);
}

/* The wanted groups, ordered by set. */
static struct member *list_members(const struct player *p, size_t *count)
{
	struct member *list = calloc((size_t)p->state.numbers.count + 1, sizeof(*list));

	*count = 0;
	for (uint32_t i = 0; list && i < p->state.numbers.count; i++) {
		if (p->state.list[i].group.processes > 0 && p->whose[i].wanted)
			list[(*count)++] = (struct member){&p->whose[i], &p->state.list[i]};
	}
	if (*count)
		qsort(list, *count, sizeof(*list), by_set);
	return list;
}

/* Buffers for making records, large enough for any number of groups. */
struct giving {
	const struct player *player;
	struct translation translation;
	struct group *groups;
	symbol *keys;
	player_take_fn *take;
	void *ctx;
};

/* Passes the members of one set on as a record. False if out of memory. */
static bool give(struct giving *g, const struct member *members, size_t count)
{
	const struct player *p = g->player;
	bool processes = grouping_has(&p->recorded, KEY_PROCESS);
	struct record r = {.target = members->whose->set,
			   .match = MATCH_YES,
			   .outcome = OUTCOME_READ,
			   .groups = g->groups,
			   .keys = g->keys,
			   .population = processes ? 0 : UINT64_MAX};

	for (size_t i = 0; i < count; i++) {
		symbol *key = g->keys + (size_t)r.count * p->keyed.by.count;

		if (members[i].whose->counts) {
			r.population = members[i].usage->group.processes;
			continue;
		}
		memcpy(key, members[i].whose->key, p->keyed.by.count * sizeof(*key));
		if (!translate_key(&g->translation, &p->keyed.by, key))
			return false;
		g->groups[r.count++] = members[i].usage->group;
	}
	return r.count == 0 || g->take(g->ctx, &r);
}

static bool give_all(struct giving *g, const struct member *members, size_t count)
{
	bool given = true;

	for (size_t i = 0, end; given && i < count; i = end) {
		for (end = i; end < count && members[end].whose->set == members[i].whose->set;
		     end++)
			;
		given = give(g, members + i, end - i);
	}
	return given;
}

int player_read(struct player *p, struct intern *symbols, player_take_fn *take, void *ctx,
		struct error *e)
{
	struct giving g = {.player = p, .take = take, .ctx = ctx};
	struct member *members;
	size_t count;
	bool given;

	if (find_all(p, e) < 0)
		return -1;
	members = list_members(p, &count);
	g.groups = calloc(count + 1, sizeof(*g.groups));
	g.keys = calloc(count + 1, p->keyed.by.count * sizeof(*g.keys));
	translation_init(&g.translation, &p->symbols, symbols);
	given = members && g.groups && g.keys && give_all(&g, members, count);
	translation_free(&g.translation);
	free(members);
	free(g.groups);
	free(g.keys);
	return given ? 0 : error_memory(e);
}

/* Scanning all samples. */

/* What a group adds to the sum. */
struct addend {
	bool asked, wanted, known;
	uint64_t bytes;
};

struct scanning {
	struct player *player;
	const struct scan *scan;
	sqlite3_stmt *identity;
	struct past_state state;
	struct addend *addends; /* by number of the group in the state */
	uint32_t capacity;
	uint64_t sum, unknown; /* the sum of the addends, and how many are unknown */
	uint64_t run;
	bool other_keys; /* the run has other keys than the player's sample, so nothing is known */
	bool ended;
};

static bool reserve(struct scanning *s, uint32_t count)
{
	uint32_t capacity = count + count / 2 + 64;
	struct addend *larger;

	if (count < s->capacity)
		return true;
	larger = reallocarray(s->addends, capacity, sizeof(*larger));
	if (!larger)
		return false;
	memset(larger + s->capacity, 0, (capacity - s->capacity) * sizeof(*larger));
	s->addends = larger;
	s->capacity = capacity;
	return true;
}

static int ask(struct scanning *s, struct addend *a, uint64_t grp, struct error *e)
{
	struct player *p = s->player;
	symbol key[KEY_COUNT];
	struct identity id = {.has_process = false};
	int wanted = 0;

	if (identity_get(&p->recording->db, s->identity, grp, &id, e) < 0)
		return -1;
	if (id.kind.known)
		wanted = asked_wants(&p->what, &id, NULL);
	if (wanted < 0 ||
	    (wanted > 0 && !asked_key(&p->recorded, &p->keyed, &id, s->scan->symbols, key)))
		return error_memory(e);
	a->asked = true;
	a->wanted = wanted > 0 && s->scan->wants(s->scan->ctx, key);
	return 0;
}

static void set_addend(struct scanning *s, struct addend *a, const struct usage *u)
{
	const struct counters *c = &u->group.counters;
	enum counter which = counters_know(c, COUNTER_PSS) ? COUNTER_PSS : COUNTER_RSS;
	bool there = u->group.processes > 0;

	s->sum -= a->bytes;
	s->unknown -= !a->known;
	a->known = !there || counters_know(c, which);
	a->bytes = there && a->known ? c->bytes[which] : 0;
	s->sum += a->bytes;
	s->unknown += !a->known;
}

static int take_row(void *ctx, const struct usage *u, struct error *e)
{
	struct scanning *s = ctx;
	symbol at = intern_find(&s->state.numbers,
				(struct slice){(const char *)&u->grp, sizeof(u->grp)});
	struct addend *a;

	if (!reserve(s, at + 1))
		return error_memory(e);
	a = &s->addends[at];
	if (!a->asked) {
		a->known = true;
		if (ask(s, a, u->grp, e) < 0)
			return -1;
	}
	if (a->wanted)
		set_addend(s, a, u);
	return 0;
}

/* Drops the groups that a whole state does not have. */
static void drop_others(struct scanning *s)
{
	for (uint32_t i = 0; i < s->state.numbers.count; i++) {
		if (i < s->capacity && s->addends[i].wanted)
			set_addend(s, &s->addends[i], &s->state.list[i]);
	}
}

static int look_at_run(struct scanning *s, const struct sample *sample, struct error *e)
{
	struct recording *r = s->player->recording;
	struct machine machine;
	struct grouping recorded = {.count = 0};
	bool inferred;

	if (sample->run == s->run)
		return 0;
	r->sample = *sample;
	if (recording_read_run(r, &machine, &inferred, &recorded, e) < 0)
		return -1;
	s->run = sample->run;
	s->other_keys = !grouping_equals(&recorded, &s->player->recorded);
	return 0;
}

static int end_sample(void *ctx, const struct sample *sample, struct error *e)
{
	struct scanning *s = ctx;
	bool known;

	if (look_at_run(s, sample, e) < 0)
		return -1;
	if (sample->base == sample->number)
		drop_others(s);
	known = s->unknown == 0 && !s->other_keys;
	if (!s->ended && !s->scan->end(s->scan->ctx, sample, known, s->sum))
		s->ended = true;
	return 0;
}

static void begin_part(struct scanning *s)
{
	if (s->state.numbers.count <= GROUPS_KEPT)
		return;
	past_state_free(&s->state);
	past_state_init(&s->state);
	free(s->addends);
	s->addends = NULL;
	s->capacity = 0;
	s->sum = s->unknown = 0;
}

/* Scans from one whole state to the next. */
static int scan_part(struct scanning *s, const struct sample *from, struct sample *next,
		     struct error *e)
{
	struct database *d = &s->player->recording->db;
	const struct past_reading reading = {&s->state, take_row, end_sample, s};
	uint64_t rows;
	int found;

	begin_part(s);
	found = sample_find(
		d, SAMPLE_SELECT "WHERE sample > ?1 AND base = sample ORDER BY sample LIMIT 1",
		from->number, 0, next, &rows, e);
	if (found < 0 || past_read(d, &reading, from->number,
				   found > 0 ? next->number - 1 : INT64_MAX - 1, e) < 0)
		return -1;
	return found;
}

int player_scan(struct player *p, const struct scan *scan, struct error *e)
{
	struct database *d = &p->recording->db;
	struct scanning s = {.player = p, .scan = scan};
	struct sample from, next;
	int more = -1;

	past_state_init(&s.state);
	s.identity = database_prepare(d, identity_select(d->version), e);
	if (s.identity && begin_reading(d, e) == 0) {
		more = seek_first(p->recording, &from, e);
		while (more > 0 && !s.ended) {
			more = scan_part(&s, &from, &next, e);
			from = next;
		}
		sqlite3_reset(s.identity);
		end_reading(d);
	}
	sqlite3_finalize(s.identity);
	past_state_free(&s.state);
	free(s.addends);
	return more < 0 ? -1 : 0;
}
