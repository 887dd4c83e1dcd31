#include "watch/watch.h"

#include "base/clock.h"
#include "collect/lineage.h"
#include "collect/others.h"
#include "model/translate.h"
#include "source/remembered.h"
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

static void free_others(struct others *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->records[i]);
	free(o->records);
	*o = (struct others){NULL, 0, 0};
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
	free_others(&w->others);
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

/* Whether to keep the record of a process that did nothing; failures are tried again. */
static bool may_be_kept(const struct watch *w, const struct record *r)
{
	if (w->options.spares && r->how & HOW_BIT(HOW_TIMED_OUT))
		return true;
	if (r->match != MATCH_YES)
		return r->match == MATCH_NO;
	return r->outcome == OUTCOME_READ || r->outcome == OUTCOME_NO_MEMORY ||
	       r->outcome == OUTCOME_DENIED;
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

/* What of a process's identity matters: NEED_... */
static unsigned needs_of(const struct watch *w)
{
	const struct collect_options *o = &w->options.collecting;

	return o->reading.needs | grouping_needs(&o->by) | selection_needs(&o->selection);
}

/* The same of one whose record is kept: less, if it is not selected. */
static unsigned needs_of_known(const struct watch *w, const struct record *record)
{
	return record->match == MATCH_NO ? selection_needs(&w->options.collecting.selection)
					 : needs_of(w);
}

static uint64_t maps_of(const struct refresh *r, pid_t pid)
{
	return source_maps_fingerprint(r->source, pid, needs_of(r->watch) & NEED_COMMAND);
}

/* Looks at what a process is told by later, before it is read. */
static void look_closely(const struct refresh *r, pid_t pid, struct activity *a)
{
	if (!a->has_memory)
		return;
	if (needs_of(r->watch) & NEED_CGROUP)
		a->cgroup = source_cgroup_fingerprint(r->source, pid);
	a->status = source_status_fingerprint(r->source, pid);
}

/* Whether this refresh looks at the control group of a process that did nothing, since others may
 * have moved it. That takes longer than looking for activity; so unless it matters, processes have
 * turns. */
static bool looks_at_cgroup(const struct watch *w, pid_t pid)
{
	enum { CGROUP_TURN = 20 };

	return w->shows_cgroups || w->options.rare || w->options.collecting.selection.cgroup ||
	       ((uint64_t)pid + w->refresh) % CGROUP_TURN == 0;
}

static bool cgroup_is_same(const struct refresh *r, const struct watched *known)
{
	return !known->activity.has_memory ||
	       !(needs_of_known(r->watch, known->record) & NEED_CGROUP) ||
	       source_cgroup_fingerprint(r->source, known->pid) == known->activity.cgroup;
}

/* Names that the process keeps itself are not in its maps. */
static bool maps_are_same(const struct refresh *r, struct watched *known, struct activity *now)
{
	if (known->record->match != MATCH_YES || known->record->outcome != OUTCOME_READ)
		return true;
	if (known->record->how & HOW_BIT(HOW_NAMES_KEPT))
		return false;
	now->maps = maps_of(r, known->pid);
	if (now->maps == 0 || now->maps != known->activity.maps)
		return false;
	known->activity.maps_helped = true;
	return true;
}

/* Its user, and what it has locked. */
static bool status_is_same(const struct refresh *r, const struct watched *known)
{
	return (known->record->match == MATCH_NO &&
		!(needs_of_known(r->watch, known->record) & NEED_UID)) ||
	       source_status_fingerprint(r->source, known->pid) == known->activity.status;
}

/* Whether a process that ran for less than stat can show is what it was, as far as that shows
 * without reading it. */
static bool is_unchanged(const struct refresh *r, struct watched *known, struct activity *now)
{
	if (!maps_are_same(r, known, now) || !status_is_same(r, known) || !cgroup_is_same(r, known))
		return false;
	known->activity.ran_ns = now->ran_ns;
	return true;
}

/* maps is first read when it can help, and its fingerprint is kept as long as it does. Half of the
 * processes that ran so briefly must wait until the next refresh; so even if all processes ran,
 * looking at maps costs a tenth of reading them. */
static bool did_nothing(const struct refresh *r, struct watched *known, struct activity *now)
{
	const struct activity *before = &known->activity;
	const struct watch *w = r->watch;
	bool waits = !w->options.rare && ((uint64_t)known->pid + w->refresh) % 2;

	if (!may_be_kept(w, known->record))
		return false;
	if (activity_equals(before, now)) {
		if (activity_ran(before, now) && !waits)
			return is_unchanged(r, known, now);
		return !looks_at_cgroup(w, known->pid) || cgroup_is_same(r, known);
	}
	if (before->maps_helped && now->known)
		now->maps = maps_of(r, known->pid);
	return false;
}

/* Checks all processes for activity, and keeps the records of those that did nothing. */
static void look_for_activity(struct refresh *r)
{
	size_t at = 0, files = r->watch->options.files;

	for (size_t i = 0; i < r->targets.count; i++) {
		struct stat_handle *handle = &r->watch->handles[i];
		struct watched *known = find(&r->watch->now, &at, handle->pid);

		source_activity(r->source, handle, files > 0, &r->activities[i]);
		files -= handle->stat >= 0;
		if (known && did_nothing(r, known, &r->activities[i])) {
			r->state.processes[i] = known;
			known->holders++;
		}
	}
}

/* Estimates the time it takes to read a process again. */
static uint64_t cost_of(const struct record *r)
{
	enum { PROCESS_NS = 60000, MAPPING_NS = 1500, PAGE_NS = 30, PAGE = 4096 };
	uint64_t ns = PROCESS_NS;

	for (uint32_t i = 0; i < r->count; i++)
		ns += r->groups[i].mappings * MAPPING_NS +
		      r->groups[i].counters.bytes[COUNTER_RSS] / PAGE * PAGE_NS;
	return ns;
}

/* Those in doubt come first. */
static int by_age(const void *a, const void *b)
{
	struct watched *const *const *first = a, *const *const *second = b;
	const struct watched *x = **first, *y = **second;

	if (x->doubted != y->doubted)
		return x->doubted ? -1 : 1;
	if (x->read_at != y->read_at)
		return x->read_at < y->read_at ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Of a process that timed out, only activity may show that it is worth trying again. */
static bool has_turns(const struct watch *w, const struct watched *p)
{
	return p->activity.has_memory &&
	       !(w->options.spares && p->record->how & HOW_BIT(HOW_TIMED_OUT));
}

/* Selects kept records to be read again: those in doubt, and of the oldest one of as many as there
 * are refreshes in a turn (fractions add up); or as many as the budget allows, but at least one. */
static bool choose_turns(struct refresh *r)
{
	struct watch *w = r->watch;
	struct watched ***kept = calloc(r->targets.count + 1, sizeof(*kept));
	uint64_t budget = w->options.budget_ns, spent = 0;
	size_t turn = w->options.turn ? w->options.turn : TURN, count = 0, doubted = 0, most;

	if (!kept)
		return false;
	for (size_t i = 0; i < r->targets.count; i++) {
		struct watched **at = &r->state.processes[i];

		if (!*at || !has_turns(w, *at))
			continue;
		kept[count++] = at;
		doubted += (*at)->doubted;
	}
	if (count)
		qsort(kept, count, sizeof(*kept), by_age);
	w->due = w->due % turn + count;
	most = w->due / turn > doubted ? w->due / turn : doubted;
	for (size_t i = 0; i < count && i < most; i++) {
		spent += cost_of((*kept[i])->record);
		if (i > 0 && budget > 0 && spent > budget)
			break;
		watched_release(&w->past, *kept[i]);
		*kept[i] = NULL;
	}
	free(kept);
	return true;
}

static bool list_readings(struct refresh *r)
{
	r->reading.targets = calloc(r->targets.count + 1, sizeof(*r->reading.targets));
	for (size_t i = 0; r->reading.targets && i < r->targets.count; i++) {
		if (r->state.processes[i])
			continue;
		look_closely(r, r->targets.targets[i].pid, &r->activities[i]);
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

static bool take_other(void *ctx, const struct record *r)
{
	/* Nothing folds them by any key. */
	static const struct grouping none = {.count = 0};
	struct others *o = ctx;
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
static bool read_others(struct refresh *r)
{
	enum { EACH = 20 };
	struct watch *w = r->watch;
	struct others *o = &w->others;
	struct error ignored;
	size_t count = 0;
	bool collected;
	pid_t *read;

	if (o->read_at && w->refresh - o->read_at < EACH)
		return true;
	read = calloc(w->now.count + 1, sizeof(*read));
	if (!read)
		return false;
	for (size_t i = 0; i < w->now.count; i++) {
		const struct record *record = w->now.processes[i]->record;

		if (record->match == MATCH_YES && record->outcome == OUTCOME_READ)
			read[count++] = w->now.processes[i]->pid;
	}
	free_others(o);
	collected = others_collect(r->source, &w->options.collecting, read, count, take_other, o,
				   &ignored) == 0;
	o->read_at = collected ? w->refresh : 0;
	free(read);
	return collected;
}

static bool is_watched(const struct watch *w, pid_t pid)
{
	for (size_t i = 0; i < w->now.count; i++) {
		const struct watched *p = w->now.processes[i];

		if (p->pid == pid)
			return p->record->match == MATCH_YES && p->record->outcome == OUTCOME_READ;
	}
	return false;
}

static bool share_with_others(struct watch *w)
{
	bool added = true;

	for (size_t i = 0; added && i < w->others.count; i++) {
		const struct record *other = w->others.records[i];

		added = is_watched(w, other->process.pid) || shares_add(&w->shares, other);
	}
	return added;
}

/* Divides swapped shared memory among all processes that map it now. If that fails, the shares are
 * unknown. */
static void share(struct refresh *r)
{
	struct watch *w = r->watch;
	bool added = true;

	shares_free(&w->shares);
	shares_init(&w->shares);
	for (size_t i = 0; added && i < w->now.count; i++)
		added = shares_add(&w->shares, w->now.processes[i]->record);
	if (added && w->shares.count > 0 && others_exist(r->source, &w->options.collecting))
		added = read_others(r) && share_with_others(w);
	w->shares.incomplete |= !added;
	shares_measure(&w->shares, r->source);
}

static size_t count_groups(const struct state *s)
{
	size_t groups = 0;

	for (size_t i = 0; i < s->count; i++)
		groups += s->processes[i]->record->count;
	return groups;
}

/* Adds a process to a moment. False if out of memory. */
static bool keep_sizes(struct watch *w, struct watched *p, struct moment *moment)
{
	if (p->record->count == 0)
		return true;
	if (!p->sizes)
		p->sizes =
			past_make_sizes(&w->past, p->record, &w->options.collecting.by, p->moved);
	if (!p->sizes)
		return false;
	p->sizes->holders++;
	moment->list[moment->count++] = p->sizes;
	return true;
}

/* Moves the state before the last one to the past. If out of memory, the past is cut short. */
static void keep_past(struct watch *w)
{
	const struct state *s = &w->before;
	struct sizes **list = calloc(s->count + 1, sizeof(void *));
	struct moment moment = {list, 0};
	bool kept = moment.list && past_has_room(&w->options.collecting.by, count_groups(s));

	for (size_t i = 0; kept && i < s->count; i++)
		kept = s->owners[i].pid || keep_sizes(w, s->processes[i], &moment);
	if (kept && w->refresh > w->first) {
		past_add(&w->past, moment);
		return;
	}
	while (moment.count > 0)
		past_release(&w->past, moment.list[--moment.count]);
	free(moment.list);
	past_clear(&w->past); /* a history must not have gaps */
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
	share(r);
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

	if (find_targets(r, e) < 0)
		return -1;
	r->activities = calloc(r->targets.count + 1, sizeof(*r->activities));
	if (!r->activities || !state_init(&r->state, r->targets.count))
		return error_memory(e);
	if (!open_stat_handles(r))
		return error_memory(e);
	look_for_activity(r);
	looks = (struct looks){r->watch->handles, r->activities};
	if (!relatives_doubt(&r->watch->now, &looks, &r->state) || !choose_turns(r) ||
	    !list_readings(r))
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
