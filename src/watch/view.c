#include "watch/view.h"

#include "model/fold.h"
#include "model/translate.h"

#include <stdlib.h>

void view_init(struct view *v, const struct grouping *by)
{
	*v = (struct view){.by = *by};
}

void view_free(struct view *v)
{
	while (v->fixed_count)
		free(v->fixed[--v->fixed_count].bytes);
	free(v->fixed);
	snapshot_free(&v->snapshot);
	snapshot_free(&v->start);
}

bool view_fix(struct view *v, enum key key, const struct intern *symbols, symbol value)
{
	struct fixed *larger = reallocarray(v->fixed, v->fixed_count + 1, sizeof(*larger));
	struct fixed f = {.key = key, .known = value != SYMBOL_NONE};
	struct slice bytes = f.known ? intern_bytes(symbols, value) : SLICE("");

	if (!larger)
		return false;
	v->fixed = larger;
	f.bytes = malloc(bytes.len + 1);
	if (!f.bytes)
		return false;
	memcpy(f.bytes, bytes.ptr, bytes.len);
	f.length = bytes.len;
	v->fixed[v->fixed_count++] = f;
	return true;
}

bool view_has(const struct view *v, enum key key)
{
	for (size_t i = 0; i < v->fixed_count; i++) {
		if (v->fixed[i].key == key)
			return true;
	}
	return grouping_has(&v->by, key);
}

/* The key of a process in a state, which may have another name there; SYMBOL_NONE if the state does
 * not have it. */
static symbol find_process(const struct watch *w, const struct state *state, const struct fixed *f)
{
	const struct grouping *by = &w->options.collecting.by;
	struct process_identity wanted = key_identity((struct slice){f->bytes, f->length});

	for (size_t i = 0; i < state->count; i++) {
		const struct record *r = state->processes[i]->record;
		symbol value = r->count ? record_key(r, by, 0)[grouping_find(by, KEY_PROCESS)]
					: SYMBOL_NONE;
		struct process_identity found;

		if (state->processes[i]->pid != wanted.pid || value == SYMBOL_NONE)
			continue;
		found = key_process(&w->symbols, value);
		if (found.known & wanted.known & PROCESS_START &&
		    found.start_time == wanted.start_time)
			return value;
	}
	return SYMBOL_NONE;
}

/* A value that the watch has never seen must match no record. */
static symbol find_value(const struct watch *w, const struct state *state, const struct fixed *f)
{
	symbol value = intern_find(&w->symbols, (struct slice){f->bytes, f->length});
	symbol process =
		f->known && f->key == KEY_PROCESS ? find_process(w, state, f) : SYMBOL_NONE;

	if (!f->known)
		return SYMBOL_NONE;
	if (process != SYMBOL_NONE)
		return process;
	return value == SYMBOL_NONE ? SYMBOL_NONE - 1 : value;
}

/* The values of a view are looked up in `state`. No shares are set: folds of the past do not show
 * them. */
static void begin_fold(struct fold *f, const struct view *v, const struct watch *w,
		       const struct state *state, struct aggregate *groups, struct group *totals)
{
	fold_init(f, &w->options.collecting.by, &v->by, groups, totals);
	for (size_t i = 0; i < v->fixed_count; i++)
		fold_fix(f, v->fixed[i].key, find_value(w, state, &v->fixed[i]));
}

/* Notes the rows of processes that were read at the last refresh. */
static bool add_fresh(const struct fold *f, const struct watched *p, struct aggregate *fresh)
{
	symbol key[KEY_COUNT];

	for (uint32_t i = 0; i < p->record->count; i++) {
		if (fold_key(f, record_key(p->record, f->from, i), key) &&
		    !aggregate_group(fresh, key))
			return false;
	}
	return true;
}

/* Folds a state into a snapshot; `fresh` may be NULL. */
static bool fold_state(const struct view *v, const struct watch *w, const struct state *state,
		       struct snapshot *s, struct snapshot *fresh)
{
	struct aggregate all, read;
	struct fold f;
	bool folded = true;

	snapshot_init(s, w->source, &v->by);
	aggregate_init(&all, v->by.count);
	aggregate_init(&read, v->by.count);
	begin_fold(&f, v, w, state, &all, &s->totals);
	f.shares = state == &w->now ? &w->shares : NULL;
	for (size_t i = 0; folded && i < state->count; i++) {
		const struct watched *p = state->processes[i];
		const struct record r = state_record(state, i);

		folded = fold_add(&f, &r) && snapshot_add_sharer(s, &r) &&
			 commands_add(&s->commands, &s->symbols, p->record) &&
			 (!fresh || p->read_at != w->refresh || add_fresh(&f, p, &read));
	}
	s->processes_at_least = f.at_least;
	folded = folded && snapshot_add_groups(s, &w->symbols, &all) &&
		 (!fresh || snapshot_add_groups(fresh, &w->symbols, &read));
	fold_free(&f);
	aggregate_free(&all);
	aggregate_free(&read);
	return folded;
}

/* Sets the sizes of a row, now and then. */
static bool sizes(const struct group *now, const struct group *then, uint64_t *a, uint64_t *b)
{
	enum counter counter =
		counters_know(&now->counters, COUNTER_PSS) &&
				(!then || counters_know(&then->counters, COUNTER_PSS))
			? COUNTER_PSS
			: COUNTER_RSS;

	*a = now->counters.bytes[counter];
	*b = then ? then->counters.bytes[counter] : 0;
	return counters_know(&now->counters, counter) &&
	       (!then || counters_know(&then->counters, counter));
}

static void remember(struct trend *t, const struct trend *past, uint64_t size)
{
	if (past) {
		t->history_count = past->history_count;
		memcpy(t->history, past->history, sizeof(t->history));
	}
	if (t->history_count == HISTORY_MAX) {
		t->history_count--;
		memmove(t->history, t->history + 1, sizeof(t->history) - sizeof(*t->history));
	}
	t->history[t->history_count++] = size;
}

/* `then` and `start` are NULL if the row was not there. */
static void compare(struct trend *t, const struct group *now, const struct group *then,
		    const struct group *start)
{
	uint64_t a, b;

	t->change_known = sizes(now, then, &a, &b);
	t->change = (int64_t)a - (int64_t)b;
	t->growth_known = sizes(now, start, &a, &b);
	t->growth = (int64_t)a - (int64_t)b;
}

/* The group in another snapshot that corresponds to a row, or NULL. Does not add symbols to the
 * other snapshot, which may live as long as the watch. */
static struct group *counterpart(const struct snapshot *s, uint32_t row,
				 const struct snapshot *other)
{
	symbol key[KEY_COUNT];

	memcpy(key, aggregate_key(&s->groups, row), s->by.count * sizeof(*key));
	if (!translate_known_key(&s->symbols, &other->symbols, &s->by, key))
		return NULL;
	return aggregate_find(&other->groups, key);
}

static const struct trend *trend_of(const struct snapshot *s, const struct group *g)
{
	return s->trends && g ? &s->trends[g - s->groups.groups] : NULL;
}

static bool was_there(const struct snapshot *past, const struct group *g)
{
	const struct trend *t = trend_of(past, g);

	return g && (!t || t->state != TREND_GONE);
}

/* The processes by pid, in ascending order. */
struct pid_owners {
	struct pid_owner {
		pid_t pid;
		symbol process; /* a symbol of the snapshot */
	} * list;
	size_t count;
};

/* The process of a row; false if it has none. */
static bool owner_of(const struct snapshot *s, uint32_t row, struct pid_owner *t)
{
	for (unsigned k = 0; k < s->by.count; k++) {
		symbol value = aggregate_key(&s->groups, row)[k];

		if (s->by.keys[k] == KEY_PROCESS && value != SYMBOL_NONE) {
			*t = (struct pid_owner){key_process(&s->symbols, value).pid, value};
			return true;
		}
	}
	return false;
}

static int by_pid(const void *a, const void *b)
{
	const struct pid_owner *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Collects the processes of all rows that are not gone, each once. */
static bool find_owners(const struct snapshot *s, struct pid_owners *owners)
{
	uint32_t count = aggregate_count(&s->groups);
	size_t kept = 0;

	*owners = (struct pid_owners){calloc((size_t)count + 1, sizeof(*owners->list)), 0};
	if (!owners->list)
		return false;
	for (uint32_t i = 0; i < count; i++)
		owners->count += was_there(s, &s->groups.groups[i]) &&
				 owner_of(s, i, &owners->list[owners->count]);
	if (owners->count == 0)
		return true;
	qsort(owners->list, owners->count, sizeof(*owners->list), by_pid);
	for (size_t i = 1; i < owners->count; i++) {
		if (owners->list[i].pid != owners->list[kept].pid)
			owners->list[++kept] = owners->list[i];
	}
	owners->count = kept + 1;
	return true;
}

/* The process or program that has the pid of a row in another snapshot, if it is another one; else
 * NULL. */
static const struct pid_owner *other_owner(const struct snapshot *s, uint32_t row,
					   const struct snapshot *other,
					   const struct pid_owners *others)
{
	const struct pid_owner *found;
	struct pid_owner own;

	if (others->count == 0 || !owner_of(s, row, &own))
		return NULL;
	found = bsearch(&own, others->list, others->count, sizeof(own), by_pid);
	return found && !slice_equals(intern_bytes(&s->symbols, own.process),
				      intern_bytes(&other->symbols, found->process))
		       ? found
		       : NULL;
}

/* Whether the other owner of a pid is the same process: it renamed itself, or executed another
 * program. */
static bool is_renamed(const struct snapshot *s, uint32_t row, const struct snapshot *other,
		       const struct pid_owner *found)
{
	struct process_identity now, then = key_process(&other->symbols, found->process);
	struct pid_owner own;

	if (!owner_of(s, row, &own))
		return false;
	now = key_process(&s->symbols, own.process);
	return now.known & then.known & PROCESS_START && now.start_time == then.start_time;
}

/* The group of a renamed process in another snapshot that corresponds to a row, or NULL. */
static struct group *former(const struct snapshot *s, uint32_t row, const struct snapshot *other,
			    const struct pid_owners *others)
{
	const struct pid_owner *found = other_owner(s, row, other, others);
	unsigned at = grouping_find(&s->by, KEY_PROCESS);
	symbol key[KEY_COUNT];

	if (!found || !is_renamed(s, row, other, found))
		return NULL;
	memcpy(key, aggregate_key(&s->groups, row), s->by.count * sizeof(*key));
	key[at] = SYMBOL_NONE;
	if (!translate_known_key(&s->symbols, &other->symbols, &s->by, key))
		return NULL;
	key[at] = found->process;
	return aggregate_find(&other->groups, key);
}

/* The past states that a view is compared with. */
struct pasts {
	const struct snapshot *before, *start;
	struct pid_owners before_owners, start_owners;
	bool first; /* there was no previous refresh; of a recording, its changes are unknown */
};

static void follow(struct snapshot *s, const struct pasts *p, const struct snapshot *fresh)
{
	uint32_t count = aggregate_count(&s->groups);
	uint64_t size, none;

	for (uint32_t i = 0; i < count; i++) {
		const struct group *now = &s->groups.groups[i];
		const struct group *then = counterpart(s, i, p->before);
		const struct group *start = counterpart(s, i, p->start);
		struct trend *t = &s->trends[i];
		bool renamed = false;

		then = was_there(p->before, then) ? then : NULL;
		if (!then) {
			then = former(s, i, p->before, &p->before_owners);
			renamed = then != NULL;
		}
		compare(t, now, then, start ? start : former(s, i, p->start, &p->start_owners));
		if (renamed)
			t->state = TREND_REPLACED;
		else if (!then && !p->first)
			t->state = TREND_NEW;
		else if (counterpart(s, i, fresh))
			t->state = TREND_READ;
		else
			t->state = TREND_KEPT;
		sizes(now, NULL, &size, &none);
		remember(t, trend_of(p->before, then), size);
	}
}

/* Copies the command line of a process that is gone and shown for the last time. */
static bool copy_command(struct snapshot *s, const symbol *key, const struct snapshot *past,
			 const symbol *past_key)
{
	unsigned at = grouping_find(&s->by, KEY_PROCESS);

	return at == s->by.count || key[at] == SYMBOL_NONE ||
	       commands_copy(&s->commands, &s->symbols, key[at], &past->commands, &past->symbols,
			     past_key[at]);
}

/* Adds a row of the last refresh that is gone; it is shown once more, empty. */
static bool add_gone(struct snapshot *s, const struct snapshot *past, uint32_t row,
		     const struct snapshot *start, struct translation *t)
{
	const struct group *then = &past->groups.groups[row];
	const struct group *begin = counterpart(past, row, start);
	uint32_t index = aggregate_count(&s->groups);
	symbol key[KEY_COUNT];
	struct group none;
	struct trend *trend = &s->trends[index];

	group_zero(&none);
	memcpy(key, aggregate_key(&past->groups, row), s->by.count * sizeof(*key));
	if (!translate_key(t, &s->by, key) || !aggregate_add_group(&s->groups, key, &none) ||
	    !copy_command(s, key, past, aggregate_key(&past->groups, row)))
		return false;
	compare(trend, &none, then, begin);
	trend->state = TREND_GONE;
	remember(trend, trend_of(past, then), 0);
	return true;
}

/* Whether a row of the last refresh is to be shown once more: unless another process now has the
 * pid, or the same process has such memory by another name. */
static bool is_gone(const struct snapshot *s, const struct pasts *p, uint32_t row,
		    const struct pid_owners *now)
{
	const struct pid_owner *other;

	if (!was_there(p->before, &p->before->groups.groups[row]) || counterpart(p->before, row, s))
		return false;
	other = other_owner(p->before, row, s, now);
	return !other || (is_renamed(p->before, row, s, other) && !former(p->before, row, s, now));
}

static bool add_all_gone(struct snapshot *s, const struct pasts *p, const struct pid_owners *now)
{
	struct translation t;
	bool added = true;

	translation_init(&t, &p->before->symbols, &s->symbols);
	for (uint32_t i = 0; added && i < aggregate_count(&p->before->groups); i++) {
		if (is_gone(s, p, i, now))
			added = add_gone(s, p->before, i, p->start, &t);
	}
	translation_free(&t);
	return added;
}

/* Shows rows that are gone once more, unless another process now has the pid: then its rows say
 * so. */
static bool follow_gone(struct snapshot *s, const struct pasts *p)
{
	uint32_t count = aggregate_count(&s->groups);
	struct pid_owners now;
	bool done = find_owners(s, &now);

	for (uint32_t i = 0; done && i < count; i++) {
		if (s->trends[i].state == TREND_NEW &&
		    other_owner(s, i, p->before, &p->before_owners))
			s->trends[i].state = TREND_REPLACED;
	}
	done = done && add_all_gone(s, p, &now);
	free(now.list);
	return done;
}

/* Changes of the first refresh are 0; in a recording, they are unknown. */
static void forget_change(const struct snapshot *s, struct trend *t)
{
	t->change = 0;
	t->change_known &= s->source != SOURCE_RECORDING;
}

/* The trend of the totals follows those of all groups. */
static void follow_totals(struct snapshot *s, const struct pasts *p)
{
	struct trend *t = &s->trends[aggregate_count(&s->groups)];
	const struct snapshot *before = p->before;
	uint64_t size, none;

	compare(t, &s->totals, p->first ? NULL : &before->totals, &p->start->totals);
	if (p->first)
		forget_change(s, t);
	sizes(&s->totals, NULL, &size, &none);
	remember(t, before->trends ? &before->trends[aggregate_count(&before->groups)] : NULL,
		 size);
}

static bool make_trends(struct snapshot *s, const struct pasts *p, const struct snapshot *fresh)
{
	size_t rows = (size_t)aggregate_count(&s->groups) + aggregate_count(&p->before->groups);

	s->trends = calloc(rows + 1, sizeof(*s->trends));
	if (!s->trends)
		return false;
	follow(s, p, fresh);
	if (p->first) {
		for (size_t i = 0; i < rows; i++)
			forget_change(s, &s->trends[i]);
	} else if (!follow_gone(s, p)) {
		return false;
	}
	follow_totals(s, p);
	return true;
}

static void describe(struct snapshot *s, const struct watch *w)
{
	s->machine = w->machine;
	s->inferred = w->options.collecting.infer;
	s->heaps = w->options.collecting.reading.heaps;
	s->exclusive = w->options.collecting.exclusive ? EXCLUSIVE_BOUNDS : EXCLUSIVE_UNASKED;
	s->coverage = w->coverage;
	s->shares_incomplete = w->shares.incomplete;
	s->unmeasured_segments = shares_unmeasured(&w->shares);
	s->segments = &w->shares;
	s->stats = w->stats;
	s->refresh = watch_number(w);
	s->sample = w->sample;
	s->kept = w->kept;
	snapshot_finish(s);
}

static bool update(struct view *v, const struct watch *w, struct snapshot *s)
{
	struct pasts pasts = {.before = &v->snapshot, .start = &v->start, .first = watch_begins(w)};
	struct snapshot fresh;
	bool updated;

	snapshot_init(&fresh, w->source, &v->by);
	updated = fold_state(v, w, &w->now, s, &fresh) &&
		  find_owners(pasts.before, &pasts.before_owners) &&
		  find_owners(pasts.start, &pasts.start_owners) && make_trends(s, &pasts, &fresh);
	free(pasts.before_owners.list);
	free(pasts.start_owners.list);
	snapshot_free(&fresh);
	describe(s, w);
	return updated;
}

/* Adds a size, with PSS possibly unknown. False if there is no group, for lack of memory. */
static bool add_size(struct group *g, const struct size *size)
{
	if (!g)
		return false;
	for (int i = 0; i < 2; i++) {
		enum counter counter = i ? COUNTER_RSS : COUNTER_PSS;
		uint64_t bytes = i ? size->rss : size->pss;

		if (bytes == UINT64_MAX)
			g->counters.known &= ~COUNTER_BIT(counter);
		else
			g->counters.bytes[counter] += bytes;
	}
	return true;
}

/* Folds a past refresh by the keys of a view. */
static bool fold_moment(const struct view *v, const struct watch *w, const struct moment *m,
			struct aggregate *groups, struct group *totals)
{
	struct fold f;
	bool folded = true;

	group_zero(totals);
	begin_fold(&f, v, w, &w->now, groups, totals);
	for (size_t i = 0; i < m->count; i++) {
		const struct sizes *s = m->list[i];

		for (uint32_t k = 0; folded && k < s->count; k++) {
			symbol key[KEY_COUNT];

			if (!fold_key(&f, s->keys + (size_t)k * f.from->count, key))
				continue;
			folded = add_size(aggregate_group(groups, key), &s->list[k]) &&
				 add_size(totals, &s->list[k]);
		}
	}
	fold_free(&f);
	return folded;
}

/* Puts a size before the oldest one of a history that is being filled from the end. */
static void remember_older(struct trend *t, const struct group *then)
{
	uint64_t size, none;

	sizes(then, NULL, &size, &none);
	t->history[HISTORY_MAX - ++t->history_count] = size;
}

/* Adds one more past moment to the rows whose history reaches that far. `keys` are the rows' keys
 * in the watch's symbols. */
static bool add_moment(struct view *v, const struct watch *w, const struct moment *m,
		       const symbol *keys, unsigned depth)
{
	struct snapshot *s = &v->snapshot;
	uint32_t count = aggregate_count(&s->groups);
	struct aggregate groups;
	struct group totals;
	bool folded;

	aggregate_init(&groups, v->by.count);
	folded = fold_moment(v, w, m, &groups, &totals);
	for (uint32_t i = 0; folded && i < count; i++) {
		const struct group *then = aggregate_find(&groups, keys + (size_t)i * v->by.count);

		if (then && s->trends[i].history_count == depth)
			remember_older(&s->trends[i], then);
	}
	if (folded)
		remember_older(&s->trends[count], &totals);
	aggregate_free(&groups);
	return folded;
}

/* The keys of all rows in the watch's symbols, which contain them, since they come from its
 * records. The caller frees them; NULL if out of memory. */
static symbol *watched_keys(const struct view *v, const struct watch *w)
{
	const struct snapshot *s = &v->snapshot;
	uint32_t count = aggregate_count(&s->groups);
	symbol *keys = calloc((size_t)count * s->by.count + 1, sizeof(*keys));

	for (uint32_t i = 0; keys && i < count; i++) {
		symbol *key = keys + (size_t)i * s->by.count;

		memcpy(key, aggregate_key(&s->groups, i), s->by.count * sizeof(*key));
		translate_known_key(&s->symbols, &w->symbols, &s->by, key);
	}
	return keys;
}

/* Fills in the history of the rows of the previous refresh, which have just been made. */
static bool find_history(struct view *v, const struct watch *w)
{
	struct snapshot *s = &v->snapshot;
	uint32_t count = aggregate_count(&s->groups);
	symbol *keys = watched_keys(v, w);
	bool found;

	s->trends = calloc((size_t)count + 1, sizeof(*s->trends));
	found = keys && s->trends;
	for (uint32_t i = 0; found && i <= count; i++)
		remember_older(&s->trends[i], i < count ? &s->groups.groups[i] : &s->totals);
	for (unsigned m = w->past.count; found && m > 0; m--)
		found = add_moment(v, w, &w->past.moments[m - 1], keys, w->past.count - m + 1);
	for (uint32_t i = 0; found && i <= count; i++) {
		struct trend *t = &s->trends[i];

		memmove(t->history, t->history + HISTORY_MAX - t->history_count,
			t->history_count * sizeof(*t->history));
	}
	free(keys);
	return found;
}

/* Makes past snapshots again if they are not up to date. */
static bool find_pasts(struct view *v, const struct watch *w)
{
	bool follows = v->refresh > 0 && v->refresh + 1 == w->refresh && !watch_begins(w);
	bool begins = v->start_number == w->starts && v->refresh > 0;

	if (!follows || !begins) {
		snapshot_free(&v->start);
		v->start_number = w->starts;
		if (!fold_state(v, w, &w->start, &v->start, NULL))
			return false;
	}
	if (follows)
		return true;
	snapshot_free(&v->snapshot);
	v->refresh = 0;
	return fold_state(v, w, &w->before, &v->snapshot, NULL) &&
	       (watch_begins(w) || find_history(v, w));
}

int view_update(struct view *v, struct watch *w, struct error *e)
{
	struct snapshot now = {0};

	w->shows_cgroups |= (grouping_needs(&v->by) & NEED_CGROUP) != 0;
	if (!find_pasts(v, w) || !update(v, w, &now)) {
		snapshot_free(&now);
		return error_memory(e);
	}
	snapshot_free(&v->snapshot);
	v->snapshot = now;
	v->refresh = w->refresh;
	return 0;
}
