#include "watch/watch.h"

#include "base/clock.h"
#include "collect/lineage.h"
#include "model/translate.h"
#include "source/remembered.h"
#include "watch/idle.h"
#include "watch/owners.h"
#include "watch/relatives.h"

#include <stdlib.h>
#include <time.h>

/* A refresh in progress. */
struct refresh {
	struct watch *watch;
	const struct source *source;
	struct machine machine;
	struct target_list targets;  /* all targets */
	struct target_list reading;  /* those to be read */
	struct activity *activities; /* for each target */
	struct state state;	     /* one entry per target; NULL if it is to be read */
	struct read_stats stats;
	struct problems problems;
};

struct grouping watch_grouping(const struct grouping *wanted)
{
	static const bool costs[KEY_COUNT] = {
		[KEY_CONTAINER] = true, [KEY_POD] = true,  [KEY_UNIT] = true,
		[KEY_COMMAND] = true,	[KEY_FILE] = true, [KEY_MAPPING] = true,
		[KEY_SEGMENT] = true};
	struct grouping by = {.count = 0};

	for (int key = 0; key < KEY_COUNT; key++) {
		if (!costs[key] || grouping_has(wanted, (enum key)key))
			by.keys[by.count++] = (enum key)key;
	}
	return by;
}

struct watch *watch_new(const struct watch_options *options)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->options = *options;
	w->first = 1;
	w->turns = (struct turns){
		.length = options->turn ? options->turn : TURN,
		.budget_ns = options->budget_ns,
		.spares = options->spares,
	};
	w->options.collecting.reading.remembered = remembered_new();
	if (!w->options.collecting.reading.remembered) {
		free(w);
		return NULL;
	}
	intern_init(&w->symbols);
	shares_init(&w->shares);
	return w;
}

static void close_stat_handles(struct watch *w)
{
	for (size_t i = 0; i < w->handle_count; i++)
		stat_handle_close(&w->handles[i]);
	free(w->handles);
	w->handles = NULL;
	w->handle_count = 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	state_free(&w->past, &w->now);
	state_free(&w->past, &w->before);
	state_free(&w->past, &w->start);
	past_clear(&w->past);
	intern_free(&w->symbols);
	problems_free(&w->problems);
	shares_free(&w->shares);
	swap_sharers_free(&w->sharers);
	close_stat_handles(w);
	remembered_free(w->options.collecting.reading.remembered);
	free(w);
}

size_t watch_naming(const struct watch *w, enum key key, struct slice value, struct naming *n)
{
	const struct grouping *by = &w->options.collecting.by;
	symbol wanted = intern_find(&w->symbols, value);
	unsigned place = grouping_find(by, key);
	size_t count = 0;

	*n = (struct naming){{0}};
	for (size_t i = 0; wanted != SYMBOL_NONE && place < by->count && i < w->now.count; i++) {
		const struct watched *p = w->now.processes[i];

		if (p->record->count > 0 && record_key(p->record, by, 0)[place] == wanted) {
			naming_join(n, &p->naming);
			count++;
		}
	}
	return count;
}

bool watch_zero(struct watch *w)
{
	w->starts++;
	return state_copy(&w->past, &w->start, &w->now);
}

/* The record of a pid; NULL if there is none. The search starts at *from and updates it. */
static struct watched *find(const struct state *s, size_t *from, pid_t pid)
{
	while (*from < s->count && s->processes[*from]->pid < pid)
		++*from;
	return *from < s->count && s->processes[*from]->pid == pid ? s->processes[*from] : NULL;
}

/* Makes one handle per target, reusing those of the same pid. False if out of memory. */
static bool open_stat_handles(struct refresh *r)
{
	struct watch *w = r->watch;
	struct stat_handle *handles = calloc(r->targets.count + 1, sizeof(*handles));
	size_t at = 0;

	if (!handles)
		return false;
	for (size_t i = 0; i < r->targets.count; i++) {
		pid_t pid = r->targets.targets[i].pid;

		while (at < w->handle_count && w->handles[at].pid < pid)
			at++;
		handles[i] = stat_handle_of(pid);
		if (at < w->handle_count && w->handles[at].pid == pid) {
			handles[i] = w->handles[at];
			w->handles[at] = stat_handle_of(pid);
		}
	}
	close_stat_handles(w);
	w->handles = handles;
	w->handle_count = r->targets.count;
	return true;
}

static struct idle describe_idle(const struct refresh *r)
{
	const struct watch *w = r->watch;

	return (struct idle){
		.source = r->source,
		.collecting = &w->options.collecting,
		.refresh = w->refresh,
		.rare = w->options.rare,
		.spares = w->options.spares,
		.shows_cgroups = w->shows_cgroups,
	};
}

/* Checks all processes for activity, and keeps the records of those that did nothing. */
static void look_for_activity(struct refresh *r, const struct idle *idle)
{
	size_t at = 0, files = r->watch->options.files;

	for (size_t i = 0; i < r->targets.count; i++) {
		struct stat_handle *handle = &r->watch->handles[i];
		struct watched *known = find(&r->watch->now, &at, handle->pid);

		source_activity(r->source, handle, files > 0, &r->activities[i]);
		files -= handle->stat >= 0;
		if (known && idle_did_nothing(idle, known, &r->activities[i])) {
			r->state.processes[i] = known;
			known->holders++;
		}
	}
}

static bool list_readings(struct refresh *r, const struct idle *idle)
{
	r->reading.targets = calloc(r->targets.count + 1, sizeof(*r->reading.targets));
	for (size_t i = 0; r->reading.targets && i < r->targets.count; i++) {
		if (r->state.processes[i])
			continue;
		idle_look_closely(idle, r->targets.targets[i].pid, &r->activities[i]);
		r->reading.targets[r->reading.count++] = r->targets.targets[i];
	}
	return r->reading.targets != NULL;
}

static bool take(void *ctx, const struct record *record)
{
	struct refresh *r = ctx;
	struct watch *w = r->watch;
	const struct grouping *by = &w->options.collecting.by;
	struct watched *p = calloc(1, sizeof(*p));

	if (!p)
		return false;
	*p = (struct watched){
		.holders = 1,
		.moved = w->moves,
		.pid = r->targets.targets[record->target].pid,
		.activity = r->activities[record->target],
		.read_at = w->refresh + 1,
		.record = record_copy(record, by),
	};
	r->state.processes[record->target] = p;
	if (!p->record)
		return false;
	naming_add(&p->naming, record, by, &w->symbols);
	return !record->problem || problems_add(&r->problems, record->target, record->problem);
}

/* Translates the keys to a new table, which leaves out symbols that no record uses any more. */
static bool move_keys(struct watch *w, struct translation *t, struct watched *p)
{
	const struct grouping *by = &w->options.collecting.by;

	if (p->moved == w->moves)
		return true;
	p->moved = w->moves;
	for (uint32_t i = 0; i < p->record->count; i++) {
		if (!translate_key(t, by, record_key(p->record, by, i)))
			return false;
	}
	return true;
}

static bool move_state(struct watch *w, struct translation *t, const struct state *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!move_keys(w, t, s->processes[i]))
			return false;
	}
	return true;
}

/* False if out of memory; the processes are then lost. */
static bool move_symbols(struct watch *w)
{
	struct translation t;
	struct intern symbols;
	bool moved;

	intern_init(&symbols);
	w->moves++;
	translation_init(&t, &w->symbols, &symbols);
	moved = move_state(w, &t, &w->now) && move_state(w, &t, &w->before) &&
		move_state(w, &t, &w->start) &&
		past_move(&w->past, &t, &w->options.collecting.by, w->moves);
	translation_free(&t);
	if (!moved) {
		state_free(&w->past, &w->now);
		state_free(&w->past, &w->before);
		state_free(&w->past, &w->start);
		past_clear(&w->past);
	}
	intern_free(&w->symbols);
	w->symbols = symbols;
	w->symbols_kept = symbols.count;
	return moved;
}

static bool tidy(struct watch *w)
{
	enum { FEW = 1024 };

	return w->symbols.count < 2 * w->symbols_kept + FEW || move_symbols(w);
}

/* Counts how processes were read, including those whose records were kept. */
static void count_all(struct watch *w)
{
	w->coverage = (struct coverage){0};
	if (w->options.collecting.children)
		w->coverage.unmatched = w->options.collecting.children->unmatched;
	w->naming = (struct naming){{0}};
	w->kept = 0;
	for (size_t i = 0; i < w->now.count; i++) {
		const struct watched *p = w->now.processes[i];
		const struct record r = state_record(&w->now, i);

		coverage_add(&w->coverage, &r);
		w->kept += p->record->match == MATCH_YES && p->record->outcome == OUTCOME_READ &&
			   p->read_at < w->refresh;
		if (r.shares_with == 0)
			naming_join(&w->naming, &p->naming);
	}
}

/* Moves the state before the last one to the past; or clears that, since a history must not have
 * gaps. */
static void keep_past(struct watch *w)
{
	if (w->refresh <= w->first || !state_keep(&w->past, &w->before, &w->options.collecting.by))
		past_clear(&w->past);
}

static void forget_past(struct watch *w)
{
	state_free(&w->past, &w->before);
	state_free(&w->past, &w->now);
	past_clear(&w->past);
	w->first = w->refresh + 1;
}

int watch_accept(struct watch *w, struct state *state, bool begins, struct error *e)
{
	if (begins)
		forget_past(w);
	else
		keep_past(w);
	state_free(&w->past, &w->before);
	w->before = w->now;
	w->now = *state;
	*state = (struct state){NULL, NULL, 0};
	w->refresh++;
	return tidy(w) ? 0 : error_memory(e);
}

/* Makes the new state the current one. */
static int accept(struct refresh *r, struct error *e)
{
	struct watch *w = r->watch;
	struct sharing sharing;

	if (owners_find(r->source, &w->now, &r->state, w->refresh + 1, e) < 0)
		return -1;
	if (!w->options.forgets)
		keep_past(w);
	state_free(&w->past, &w->before);
	w->before = w->now;
	if (w->options.forgets)
		state_free(&w->past, &w->before);
	w->now = r->state;
	r->state = (struct state){NULL, NULL, 0};
	w->refresh++;
	w->source = source_kind(r->source);
	w->machine = r->machine;
	w->stats = r->stats;
	problems_free(&w->problems);
	w->problems = r->problems;
	r->problems = (struct problems){NULL, 0};
	problems_sort(&w->problems);
	count_all(w);
	sharing = (struct sharing){r->source, &w->options.collecting, w->refresh, &w->now};
	swap_sharers_share(&w->sharers, &sharing, &w->shares);
	if ((w->refresh == 1 && !w->options.forgets && !watch_zero(w)) || !tidy(w))
		return error_memory(e);
	return 0;
}

static int read_again(struct refresh *r, struct error *e)
{
	enum { WORTH_THREADS = 64 };
	struct collect_options collecting = r->watch->options.collecting;

	if (collecting.children)
		collecting = lineage_reading(&collecting, &r->reading);
	collecting.targets = &r->reading;
	if (r->reading.count < WORTH_THREADS)
		collecting.jobs = 1;
	machine_read(r->source, &r->machine);
	remembered_begin(collecting.reading.remembered);
	if (collect(r->source, &collecting, &r->watch->symbols, take, r, &r->stats, e) < 0)
		return -1;
	return accept(r, e);
}

static int find_targets(struct refresh *r, struct error *e)
{
	const struct collect_options *collecting = &r->watch->options.collecting;

	return collecting->children ? lineage_targets(r->source, collecting, &r->targets, e)
				    : source_targets(r->source, &r->targets, e);
}

static int refresh(struct refresh *r, struct error *e)
{
	struct looks looks;
	struct idle idle;

	if (find_targets(r, e) < 0)
		return -1;
	r->activities = calloc(r->targets.count + 1, sizeof(*r->activities));
	if (!r->activities || !state_init(&r->state, r->targets.count))
		return error_memory(e);
	if (!open_stat_handles(r))
		return error_memory(e);
	idle = describe_idle(r);
	look_for_activity(r, &idle);
	looks = (struct looks){r->watch->handles, r->activities};
	if (!relatives_doubt(&r->watch->now, &looks, &r->state) ||
	    !turns_choose(&r->watch->turns, &r->watch->past, &r->state) || !list_readings(r, &idle))
		return error_memory(e);
	return read_again(r, e);
}

int watch_refresh(struct watch *w, const struct source *source, struct error *e)
{
	struct refresh r = {.watch = w, .source = source};
	uint64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int status = refresh(&r, e);

	state_free(&w->past, &r.state);
	free(r.targets.targets);
	free(r.reading.targets);
	free(r.activities);
	problems_free(&r.problems);
	w->reading_ns = clock_ns(CLOCK_MONOTONIC) - wall;
	w->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	return status;
}
