#include "watch/watch.h"

#include <stdlib.h>
#include <time.h>

/* One refresh on its way. */
struct refresh {
	struct watch *watch;
	const struct source *source;
	struct target_list targets;  /* all there are */
	struct target_list reading;  /* those to be read */
	struct activity *activities; /* of all */
	struct state state;	     /* one for each target; NULL while it is to be read */
};

struct grouping watch_grouping(const struct grouping *wanted)
{
	struct grouping by = {.count = 0};

	for (int key = 0; key < KEY_COUNT; key++) {
		if ((key != KEY_FILE && key != KEY_MAPPING) || grouping_has(wanted, (enum key)key))
			by.keys[by.count++] = (enum key)key;
	}
	return by;
}

static void release(struct record *r)
{
	if (!r || --r->holders > 0)
		return;
	free(r->groups);
	free(r->keys);
	free(r);
}

static void state_free(struct state *s)
{
	for (size_t i = 0; i < s->count; i++)
		release(s->records[i]);
	free(s->records);
	*s = (struct state){NULL, 0};
}

/* False when there is no memory; `to` is then as it was. */
static bool state_copy(struct state *to, const struct state *from)
{
	struct record **records = calloc(from->count + 1, sizeof(struct record *));

	if (!records)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		records[i] = from->records[i];
		records[i]->holders++;
	}
	state_free(to);
	*to = (struct state){records, from->count};
	return true;
}

struct watch *watch_new(const struct watch_options *options)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->options = *options;
	intern_init(&w->symbols);
	return w;
}

static void free_problems(struct watch *w)
{
	for (size_t i = 0; i < w->problem_count; i++)
		free(w->problems[i].text);
	free(w->problems);
	w->problems = NULL;
	w->problem_count = 0;
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
	state_free(&w->now);
	state_free(&w->before);
	state_free(&w->start);
	intern_free(&w->symbols);
	free_problems(w);
	close_stat_handles(w);
	free(w);
}

bool watch_zero(struct watch *w)
{
	w->starts++;
	return state_copy(&w->start, &w->now);
}

/* The record of a pid; NULL if there is none. The search begins at *from and leaves it there. */
static struct record *find(const struct state *s, size_t *from, pid_t pid)
{
	while (*from < s->count && s->records[*from]->pid < pid)
		++*from;
	return *from < s->count && s->records[*from]->pid == pid ? s->records[*from] : NULL;
}

/* Whether what is known of a process that did nothing is worth keeping; what went wrong may go
 * better the next time. */
static bool may_be_kept(const struct record *r)
{
	if (!r->wanted)
		return !r->in_doubt;
	return r->outcome == OUTCOME_READ || r->outcome == OUTCOME_NO_MEMORY ||
	       r->outcome == OUTCOME_DENIED;
}

/* One handle for each target, those of before where they are of the same pid. False when there is
 * no memory. */
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

/* Looks for signs of life in all processes, and keeps the records of those that have done nothing.
 */
static void look_for_activity(struct refresh *r)
{
	size_t at = 0, files = r->watch->options.files;

	for (size_t i = 0; i < r->targets.count; i++) {
		struct stat_handle *handle = &r->watch->handles[i];
		struct record *known = find(&r->watch->now, &at, handle->pid);

		source_activity(r->source, handle, files > 0, &r->activities[i]);
		files -= handle->stat >= 0;
		if (known && may_be_kept(known) &&
		    activity_equals(&known->activity, &r->activities[i])) {
			r->state.records[i] = known;
			known->holders++;
		}
	}
}

/* About how long it takes to read a process again. */
static uint64_t cost_of(const struct record *r)
{
	enum { PROCESS_NS = 60000, MAPPING_NS = 1500, PAGE_NS = 30, PAGE = 4096 };
	uint64_t ns = PROCESS_NS;

	for (uint32_t i = 0; i < r->count; i++)
		ns += r->groups[i].mappings * MAPPING_NS +
		      r->groups[i].counters.bytes[COUNTER_RSS] / PAGE * PAGE_NS;
	return ns;
}

static int by_age(const void *a, const void *b)
{
	struct record *const *const *first = a, *const *const *second = b;
	const struct record *x = **first, *y = **second;

	if (x->read_at != y->read_at)
		return x->read_at < y->read_at ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Has the oldest of the kept ones read again: a TURNth of them, of which parts add up, or what the
 * budget allows of that, but one in any case. */
static bool choose_turns(struct refresh *r)
{
	struct watch *w = r->watch;
	struct record ***kept = calloc(r->targets.count + 1, sizeof(*kept));
	uint64_t budget = w->options.budget_ns, spent = 0;
	size_t count = 0;

	if (!kept)
		return false;
	for (size_t i = 0; i < r->targets.count; i++) {
		struct record **at = &r->state.records[i];

		if (*at && (*at)->activity.has_memory)
			kept[count++] = at;
	}
	if (count)
		qsort(kept, count, sizeof(*kept), by_age);
	w->due = w->due % TURN + count;
	for (size_t i = 0; i < count && i < w->due / TURN; i++) {
		spent += cost_of(*kept[i]);
		if (i > 0 && budget > 0 && spent > budget)
			break;
		release(*kept[i]);
		*kept[i] = NULL;
	}
	free(kept);
	return true;
}

static bool list_readings(struct refresh *r)
{
	r->reading.targets = calloc(r->targets.count + 1, sizeof(*r->reading.targets));
	for (size_t i = 0; r->reading.targets && i < r->targets.count; i++) {
		if (!r->state.records[i])
			r->reading.targets[r->reading.count++] = r->targets.targets[i];
	}
	return r->reading.targets != NULL;
}

static struct record *new_record(const struct refresh *r, size_t target)
{
	struct record *record = calloc(1, sizeof(*record));

	if (!record)
		return NULL;
	record->holders = 1;
	record->pid = r->targets.targets[target].pid;
	record->activity = r->activities[target];
	record->read_at = r->watch->refresh + 1;
	return record;
}

static unsigned place_of(const struct grouping *by, enum key key)
{
	unsigned i = 0;

	while (i < by->count && by->keys[i] != key)
		i++;
	return i;
}

/* Private anonymous memory by who named it. */
static void count_names(const struct watch *w, struct record *r)
{
	const struct grouping *by = &w->options.collecting.by;
	unsigned kind = place_of(by, KEY_KIND), label = place_of(by, KEY_LABEL);
	struct slice anon = slice_of(kind_names[KIND_ANON]);

	for (uint32_t i = 0; i < r->count; i++) {
		const symbol *key = r->keys + (size_t)i * by->count;
		uint64_t pss = r->groups[i].counters.bytes[COUNTER_PSS];
		enum origin origin;

		if (!slice_equals(intern_bytes(&w->symbols, key[kind]), anon))
			continue;
		if (slice_equals(key_label(&w->symbols, key[label], &origin), SLICE("[anon]")))
			r->naming.unnamed += pss;
		else if (origin == ORIGIN_INFERRED)
			r->naming.inferred += pss;
		else
			r->naming.named += pss;
	}
}

/* Groups and their keys, translated into the symbols of the watch. */
static bool copy_groups(struct watch *w, struct record *record, const struct finding *f)
{
	const struct grouping *by = &w->options.collecting.by;
	uint32_t count = aggregate_count(f->groups);

	record->groups = calloc(count + 1, sizeof(*record->groups));
	record->keys = calloc((size_t)count * by->count + 1, sizeof(*record->keys));
	if (!record->groups || !record->keys)
		return false;
	for (; record->count < count; record->count++) {
		symbol *key = record->keys + (size_t)record->count * by->count;

		record->groups[record->count] = f->groups->groups[record->count];
		memcpy(key, aggregate_key(f->groups, record->count), by->count * sizeof(*key));
		for (unsigned k = 0; k < by->count; k++) {
			if (!key_translate(&w->symbols, f->symbols, by->keys[k], &key[k]))
				return false;
		}
	}
	count_names(w, record);
	return true;
}

static bool on_finding(void *ctx, const struct finding *f)
{
	struct refresh *r = ctx;
	struct record *record = new_record(r, f->target);

	if (!record)
		return false;
	r->state.records[f->target] = record;
	record->wanted = !f->in_doubt;
	record->in_doubt = f->in_doubt;
	record->outcome = f->outcome;
	record->swaps_shared = f->swaps_shared;
	record->stats = f->stats;
	return !f->groups || copy_groups(r->watch, record, f);
}

/* The rest was not wanted. */
static bool fill_gaps(struct refresh *r)
{
	for (size_t i = 0; i < r->targets.count; i++) {
		if (!r->state.records[i])
			r->state.records[i] = new_record(r, i);
		if (!r->state.records[i])
			return false;
	}
	return true;
}

/* Symbols that no record uses any more go: the others move to a table of their own. */
static bool move_keys(struct watch *w, struct intern *to, struct record *r)
{
	const struct grouping *by = &w->options.collecting.by;

	if (r->moved == w->moves)
		return true;
	r->moved = w->moves;
	for (size_t i = 0; i < (size_t)r->count * by->count; i++) {
		if (!key_translate(to, &w->symbols, by->keys[i % by->count], &r->keys[i]))
			return false;
	}
	return true;
}

static bool move_state(struct watch *w, struct intern *to, const struct state *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!move_keys(w, to, s->records[i]))
			return false;
	}
	return true;
}

/* False when there is no memory: the records are then lost. */
static bool move_symbols(struct watch *w)
{
	struct intern symbols;
	bool moved;

	intern_init(&symbols);
	w->moves++;
	moved = move_state(w, &symbols, &w->now) && move_state(w, &symbols, &w->before) &&
		move_state(w, &symbols, &w->start);
	if (!moved) {
		state_free(&w->now);
		state_free(&w->before);
		state_free(&w->start);
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

static void count_all(struct watch *w)
{
	struct read_stats *stats = &w->stats;

	/* What is said of how processes were read is true of those that were kept as well. */
	stats->scanned = stats->unscannable = stats->barred = 0;
	stats->names_read = stats->names_lost = stats->held_up = 0;
	w->coverage = (struct coverage){0};
	w->naming = (struct naming){0};
	w->kept = w->shared_swappers = w->unidentified = 0;
	for (size_t i = 0; i < w->now.count; i++) {
		const struct record *r = w->now.records[i];

		w->unidentified += r->in_doubt;
		if (!r->wanted)
			continue;
		w->coverage.seen++;
		w->coverage.by_outcome[r->outcome]++;
		w->kept += r->outcome == OUTCOME_READ && r->read_at < w->refresh;
		w->shared_swappers += r->swaps_shared;
		read_stats_add(stats, &r->stats);
		w->naming.named += r->naming.named;
		w->naming.inferred += r->naming.inferred;
		w->naming.unnamed += r->naming.unnamed;
	}
}

/* What was read becomes what is. */
static int accept(struct refresh *r, struct snapshot *read, struct error *e)
{
	struct watch *w = r->watch;

	state_free(&w->before);
	w->before = w->now;
	w->now = r->state;
	r->state = (struct state){NULL, 0};
	w->refresh++;
	w->source = read->source;
	w->machine = read->machine;
	w->stats = read->stats;
	free_problems(w);
	w->problems = read->problems;
	w->problem_count = read->problem_count;
	read->problems = NULL;
	read->problem_count = 0;
	count_all(w);
	if ((w->refresh == 1 && !watch_zero(w)) || !tidy(w))
		return error_memory(e);
	return 0;
}

static int read_again(struct refresh *r, struct error *e)
{
	enum { WORTH_THREADS = 64 };
	struct collect_options collecting = r->watch->options.collecting;
	struct snapshot read;
	int status;

	collecting.each = on_finding;
	collecting.each_ctx = r;
	collecting.targets = &r->reading;
	if (r->reading.count < WORTH_THREADS)
		collecting.jobs = 1;
	status = collect(r->source, &collecting, &read, e);
	if (status == 0 && !fill_gaps(r))
		status = error_memory(e);
	if (status == 0)
		status = accept(r, &read, e);
	snapshot_free(&read);
	return status;
}

static int refresh(struct refresh *r, struct error *e)
{
	if (source_targets(r->source, &r->targets, e) < 0)
		return -1;
	r->activities = calloc(r->targets.count + 1, sizeof(*r->activities));
	r->state.records = calloc(r->targets.count + 1, sizeof(struct record *));
	if (!r->activities || !r->state.records)
		return error_memory(e);
	r->state.count = r->targets.count;
	if (!open_stat_handles(r))
		return error_memory(e);
	look_for_activity(r);
	if (!choose_turns(r) || !list_readings(r))
		return error_memory(e);
	return read_again(r, e);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int watch_refresh(struct watch *w, const struct source *source, struct error *e)
{
	struct refresh r = {.watch = w, .source = source};
	uint64_t wall = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	int status = refresh(&r, e);

	state_free(&r.state);
	free(r.targets.targets);
	free(r.reading.targets);
	free(r.activities);
	w->reading_ns = now_ns(CLOCK_MONOTONIC) - wall;
	w->cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	return status;
}

int watch_replay(struct watch *w, const struct replay *replay, const pid_t *pids, size_t count,
		 struct error *e)
{
	struct source *source = replay_source(replay, pids, count, e);
	int status = source ? watch_refresh(w, source, e) : -1;

	source_close(source);
	return status;
}
