#include "watch/recorded.h"

#include <stdlib.h>

bool recorded_suits(const struct recorded *r, const struct watch *w)
{
	return grouping_equals(player_keys(r->player), &w->options.collecting.by);
}

struct grouping recorded_grouping(const struct watch *w, const struct grouping *wanted)
{
	static const enum key broadest[] = {KEY_SUBSYSTEM, KEY_LABEL, KEY_NAME, KEY_CGROUP,
					    KEY_PROCESS,   KEY_USER,  KEY_KIND};
	const struct grouping *there = &w->options.collecting.by;
	unsigned missing = 0;
	size_t i = 0;

	for (unsigned k = 0; k < wanted->count; k++)
		missing += !grouping_has(there, wanted->keys[k]);
	if (!missing)
		return *wanted;
	while (broadest[i] != KEY_KIND && !grouping_has(there, broadest[i]))
		i++;
	return (struct grouping){.keys = {broadest[i]}, .count = 1};
}

/* Taking a sample into the watch. */

struct taking {
	struct watch *watch;
	struct state state;
	size_t from; /* where in the previous state to start searching */
};

static bool same_group(const struct group *a, const struct group *b)
{
	return a->processes == b->processes && a->mappings == b->mappings &&
	       a->counters.known == b->counters.known &&
	       memcmp(a->counters.bytes, b->counters.bytes, sizeof(a->counters.bytes)) == 0;
}

static bool same_record(const struct record *a, const struct record *b, const struct grouping *by)
{
	bool same = a->count == b->count && a->population == b->population &&
		    memcmp(a->keys, b->keys, (size_t)a->count * by->count * sizeof(*a->keys)) == 0;

	for (uint32_t i = 0; same && i < a->count; i++)
		same = same_group(&a->groups[i], &b->groups[i]);
	return same;
}

/* The previous record of the same process or set, if it has not changed. */
static struct watched *find_same(struct taking *t, const struct record *r)
{
	const struct state *before = &t->watch->now;
	pid_t number = (pid_t)r->target;

	while (t->from < before->count && before->processes[t->from]->pid < number)
		t->from++;
	if (t->from == before->count || before->processes[t->from]->pid != number ||
	    !same_record(before->processes[t->from]->record, r, &t->watch->options.collecting.by))
		return NULL;
	return before->processes[t->from];
}

static struct watched *make_watched(struct watch *w, const struct record *r)
{
	const struct grouping *by = &w->options.collecting.by;
	struct watched *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct watched){.moved = w->moves,
			      .pid = (pid_t)r->target,
			      .read_at = w->refresh + 1,
			      .record = record_copy(r, by)};
	if (!p->record) {
		free(p);
		return NULL;
	}
	if (grouping_has(by, KEY_LABEL) && grouping_has(by, KEY_KIND))
		naming_add(&p->naming, r, by, &w->symbols);
	return p;
}

static bool take(void *ctx, const struct record *r)
{
	struct taking *t = ctx;
	struct watched *p = find_same(t, r);

	if (!p)
		p = make_watched(t->watch, r);
	if (!p)
		return false;
	p->holders++;
	t->state.processes[t->state.count++] = p;
	return true;
}

static void describe(const struct recorded *r, struct watch *w)
{
	const struct sample *s = player_sample(r->player);

	w->source = SOURCE_RECORDING;
	w->sample = s->number;
	w->machine = *player_machine(r->player);
	w->options.collecting.infer = player_inferred(r->player) ? INFER_CONTENT : INFER_NONE;
	sample_give_coverage(s, &w->coverage);
	w->reading_ns = s->reading_us * 1000;
	w->naming = (struct naming){{0}};
	w->kept = 0;
	for (size_t i = 0; i < w->now.count; i++) {
		w->kept += w->now.processes[i]->read_at < w->refresh;
		naming_join(&w->naming, &w->now.processes[i]->naming);
	}
}

/* Takes the current sample of the player into the watch. */
static int feed(struct recorded *r, struct watch *w, bool begins, struct error *e)
{
	struct taking t = {.watch = w, .from = begins ? w->now.count : 0};
	int status = player_load(r->player, e);

	if (status == 0 && !state_init(&t.state, player_limit(r->player)))
		status = error_memory(e);
	t.state.count = 0;
	if (status == 0)
		status = player_read(r->player, &w->symbols, take, &t, e);
	if (status == 0)
		status = watch_accept(w, &t.state, begins, e);
	state_free(&w->past, &t.state);
	if (status == 0)
		describe(r, w);
	return status;
}

/* The mark, from which growth counts. */

bool recorded_mark(struct recorded *r, struct watch *w)
{
	r->mark = player_sample(r->player)->number;
	r->mark_ms = player_sample(r->player)->time_ms;
	return watch_zero(w);
}

/* Goes to the mark; without a mark, to the first sample, or to the first one of this run if the
 * first has other keys. */
static int go_to_mark(struct recorded *r, const struct sample *target, const struct grouping *by,
		      struct error *e)
{
	struct recording *recording = player_recording(r->player);
	struct sample s;
	int found = r->mark ? seek_number(recording, r->mark, &s, e) : seek_first(recording, &s, e);
	bool suits = false;

	if (found > 0) {
		suits = player_seek(r->player, &s, e) == 0 &&
			grouping_equals(player_keys(r->player), by);
		if (!suits && e->code != ERROR_NONE && e->code != ERROR_USAGE)
			return -1;
		e->code = ERROR_NONE; /* the sample lacks a requested key */
	}
	if (found > 0 && !suits) {
		found = seek_begin(recording, target->run, &s, e);
		if (found > 0 && player_seek(r->player, &s, e) < 0)
			return -1;
	}
	return found < 0 ? -1 : 0;
}

struct watch *recorded_watch(struct recorded *r, const struct watch_options *options,
			     struct error *e)
{
	const struct sample target = *player_sample(r->player);
	struct watch_options own = *options;
	struct watch *w;

	own.collecting.by = *player_keys(r->player);
	w = watch_new(&own);
	if (!w) {
		error_memory(e);
		return NULL;
	}
	w->unshown = 1;
	if (go_to_mark(r, &target, &own.collecting.by, e) == 0 && feed(r, w, true, e) == 0) {
		if (!recorded_mark(r, w))
			error_memory(e);
		else if (player_seek(r->player, &target, e) == 0 && recorded_show(r, w, e) == 0)
			return w;
	}
	watch_free(w);
	return NULL;
}

/* Showing samples. */

static int look_around(struct recorded *r, struct error *e)
{
	const struct sample *s = player_sample(r->player);
	struct recording *recording = player_recording(r->player);

	if (seek_gap(recording, s, &r->gap, e) < 0)
		return -1;
	return seek_place(recording, s, &r->index, &r->count, e);
}

static bool breaks(const struct gap *g)
{
	return g->first || g->rebooted || g->ms > 0;
}

/* Finds the sample with which the history begins. Reading its changes starts at a whole state, so
 * the history may be short rather than going back to an earlier whole state. */
static int find_history(const struct recorded *r, struct sample *s, struct error *e)
{
	enum { SHORT = 8 };
	struct recording *recording = player_recording(r->player);
	uint64_t run = s->run;

	for (int i = 1; i < HISTORY_MAX; i++) {
		struct sample before;
		struct gap gap;
		int found;

		if (seek_gap(recording, s, &gap, e) < 0)
			return -1;
		if (breaks(&gap) || (i >= SHORT && s->base == s->number))
			return 0;
		found = seek_next(recording, s, BACK, &before, e);
		if (found < 0)
			return -1;
		/* Another run may have other keys. */
		if (found == 0 || before.run != run)
			return 0;
		*s = before;
	}
	return 0;
}

int recorded_show(struct recorded *r, struct watch *w, struct error *e)
{
	const struct sample target = *player_sample(r->player);
	struct sample s = target;
	bool begins = true;
	int more = 1;

	if (find_history(r, &s, e) < 0)
		return -1;
	while (more > 0 && s.number <= target.number) {
		if (player_seek(r->player, &s, e) < 0 || feed(r, w, begins, e) < 0)
			return -1;
		w->unshown++;
		begins = false;
		more = seek_next(player_recording(r->player), &s, FORTH, &s, e);
	}
	w->unshown--; /* the last one is shown */
	return more < 0 ? -1 : look_around(r, e);
}

int recorded_next(struct recorded *r, struct watch *w, struct error *e)
{
	const struct sample before = *player_sample(r->player);
	struct error worse;
	struct sample next;
	int found = seek_next(player_recording(r->player), &before, FORTH, &next, e);

	if (found <= 0)
		return found;
	if (player_seek(r->player, &next, e) < 0) {
		if (e->code == ERROR_USAGE && player_seek(r->player, &before, &worse) < 0)
			*e = worse;
		return -1;
	}
	if (look_around(r, e) < 0)
		return -1;
	if (!recorded_suits(r, w))
		return 2;
	return feed(r, w, breaks(&r->gap), e) < 0 ? -1 : 1;
}
