#include "collect/collector.h"

/* Hands a finding to who wants each of them. */
static void tell(struct collector *w, const struct finding *f)
{
	struct work *work = w->work;

	if (!work->options->each)
		return;
	pthread_mutex_lock(&work->each);
	w->no_memory |= !work->options->each(work->options->each_ctx, f);
	pthread_mutex_unlock(&work->each);
}

static bool on_begin(void *ctx, const struct process *process)
{
	struct collector *w = ctx;
	const struct selection *selection = &w->work->options->selection;
	int wanted = selection_wants_process(selection, process);

	w->no_memory |= wanted < 0;
	if (wanted == 0 && selection_is_in_doubt(selection, process)) {
		w->snapshot.unidentified++;
		tell(w, &(struct finding){.target = w->target.number, .in_doubt = true});
	}
	if (wanted != 1)
		return false;
	aggregate_reset(&w->groups);
	group_zero(&w->all);
	w->compared = w->pss_anon_known = w->swaps_shared = false;
	w->files.state = FILES_NONE;
	w->differences_before = w->snapshot.verification.count;
	infer_begin(&w->infer);
	w->no_memory |= !grouper_process(&w->grouper, process);
	if (w->work->options->verify) {
		w->process = key_intern_process(&w->snapshot.symbols, process);
		w->no_memory |= w->process == SYMBOL_NONE;
	}
	return true;
}

/* Keeps track of whether all mappings of files are in one group. */
static void note_file(struct collector *w, uint32_t group)
{
	if (w->files.state == FILES_NONE)
		w->files = (struct files){FILES_TOGETHER, group};
	else if (w->files.group != group)
		w->files.state = FILES_APART;
}

static inline int add_mapping(void *ctx, const struct mapping *m, enum guess guess, struct error *e)
{
	struct collector *w = ctx;
	symbol key[KEY_COUNT];
	struct group *group;
	enum kind kind;

	switch (grouper_mapping(&w->grouper, m, guess, key, &kind)) {
	case KEY_UNWANTED:
		return 0;
	case KEY_NO_MEMORY:
		return error_memory(e);
	case KEY_MADE:
		group = aggregate_group(&w->groups, key);
		if (!group)
			return error_memory(e);
		w->group[guess] = (uint32_t)(group - w->groups.groups);
		break;
	case KEY_SAME:
		break;
	}
	group = &w->groups.groups[w->group[guess]];
	aggregate_add(&w->groups, group, &m->counters);
	if (kind == KIND_FILE)
		note_file(w, w->group[guess]);
	w->swaps_shared |= kind == KIND_SHMEM && m->counters.bytes[COUNTER_SWAP] > 0;
	return 0;
}

/* All mappings are compared, wanted or not. False when there is no memory. */
static bool count_mapping(struct collector *w, const struct mapping *m)
{
	if (w->work->options->verify) {
		w->all.mappings++;
		w->groups.inexact |= !counters_add(&w->all.counters, &m->counters);
	}
	return !w->no_memory;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct collector *w = ctx;

	return count_mapping(w, m) ? add_mapping(w, m, GUESS_NONE, e) : error_memory(e);
}

static int on_mapping_to_infer(void *ctx, const struct mapping *m, struct error *e)
{
	struct collector *w = ctx;

	return count_mapping(w, m) ? infer_mapping(&w->infer, m, e) : error_memory(e);
}

static void on_cancel(void *ctx)
{
	struct collector *w = ctx;

	w->snapshot.verification.count = w->differences_before;
}

static bool on_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	struct collector *w = ctx;
	int status = verify_process(&w->snapshot.verification, w->process, &w->all.counters,
				    w->all.mappings, before, after);

	w->compared = true;
	w->pss_anon_known = counters_know(after, COUNTER_PSS_ANON);
	w->pss_anon = after->bytes[COUNTER_PSS_ANON];
	w->no_memory |= status < 0;
	return status == 0;
}

/* What all files have together is known of a group if it holds all of them; whatever else it holds
 * was known before. */
static void on_rest(void *ctx, const struct counters *files)
{
	struct collector *w = ctx;
	struct counters *c;

	if (w->files.state != FILES_TOGETHER)
		return;
	c = &w->groups.groups[w->files.group].counters;
	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (counters_know(files, (enum counter)i) && !counters_know(c, (enum counter)i)) {
			c->bytes[i] += files->bytes[i];
			c->known |= COUNTER_BIT(i);
		}
	}
}

/* The process at hand was read whole: it joins the snapshot. */
static void accept(struct collector *w)
{
	struct snapshot *s = &w->snapshot;
	struct error no_memory;
	struct group process;

	w->no_memory |= infer_end(&w->infer, &no_memory) < 0;
	if (w->work->options->each)
		return;
	group_zero(&process);
	for (uint32_t i = 0; i < aggregate_count(&w->groups); i++)
		w->groups.inexact |= !group_add(&process, &w->groups.groups[i]);
	process.processes = aggregate_count(&w->groups) > 0;
	w->no_memory |= !aggregate_merge(&s->groups, &w->groups);
	s->groups.inexact |= !group_add(&s->totals, &process);
	s->shared_swappers += w->swaps_shared;
	if (w->compared)
		s->verification.compared++;
	else
		s->verification.without_rollup++;
	s->verification.without_pss_anon += !w->pss_anon_known;
	s->verification.pss_anon += w->pss_anon_known ? w->pss_anon : 0;
}

/* How the process at hand was read. */
static struct read_stats stats_of_process(const struct collector *w)
{
	const struct read_stats *before = &w->job.so_far, *now = w->job.stats;

	return (struct read_stats){
		.scanned = now->scanned - before->scanned,
		.unscannable = now->unscannable - before->unscannable,
		.barred = now->barred - before->barred,
		.names_read = now->names_read - before->names_read,
		.names_lost = now->names_lost - before->names_lost,
		.held_up = w->held_up,
		.held_up_pid = w->held_up ? w->target.pid : 0,
	};
}

static void on_end(void *ctx, enum outcome outcome, const struct error *why)
{
	struct collector *w = ctx;
	struct coverage *coverage = &w->snapshot.coverage;

	coverage->seen++;
	coverage->by_outcome[outcome]++;
	if (outcome == OUTCOME_READ)
		accept(w);
	else
		on_cancel(w);
	tell(w, &(struct finding){
			.target = w->target.number,
			.outcome = outcome,
			.swaps_shared = w->swaps_shared,
			.stats = stats_of_process(w),
			.symbols = &w->snapshot.symbols,
			.groups = outcome == OUTCOME_READ ? &w->groups : NULL,
		});
	if (why)
		w->no_memory |= !snapshot_add_problem(&w->snapshot, w->target.number, why->text);
}

static bool next(void *ctx, struct target *target)
{
	struct collector *w = ctx;
	struct work *work = w->work;
	size_t i = atomic_fetch_add(&work->next, 1);

	if (i >= work->targets.count || atomic_load(&work->stop))
		return false;
	*target = w->target = work->targets.targets[i];
	w->swaps_shared = false;
	w->differences_before = w->snapshot.verification.count;
	return true;
}

static void ended(void *ctx, int status, const struct error *e)
{
	struct collector *w = ctx;

	if (status < 0)
		w->error = *e;
	else if (w->no_memory)
		status = error_memory(&w->error);
	w->status = status;
	if (status < 0)
		atomic_store(&w->work->stop, true);
}

/* Who asked for this process is told why; else it is one of those in a note. */
static void give_up(void *ctx, pid_t pid, bool begun, const struct error *why)
{
	struct collector *w = ctx;
	const struct process process = {.known = PROCESS_PID, .pid = pid};

	if (begun || on_begin(w, &process)) {
		w->held_up = true;
		w->snapshot.stats.held_up++;
		w->snapshot.stats.held_up_pid = pid;
		on_end(w, OUTCOME_TRUNCATED, source_is_limited(w->work->source) ? why : NULL);
		w->held_up = false;
	}
	ended(w, 0, NULL);
}

void collector_init(struct collector *w, struct work *work)
{
	const struct collect_options *o = work->options;

	*w = (struct collector){
		.work = work,
		.job = {.ctx = w,
			.sink = &w->sink,
			.how = o->reading,
			.next = next,
			.ended = ended,
			.give_up = give_up},
		.sink = {.ctx = w,
			 .begin = on_begin,
			 .mapping = o->infer ? on_mapping_to_infer : on_mapping,
			 .cancel = on_cancel,
			 .rollup = on_rollup,
			 .rest = on_rest,
			 .end = on_end},
	};
	w->job.how.needs = grouping_needs(&o->by) | selection_needs(&o->selection) |
			   (o->verify ? NEED_ROLLUP | NEED_STAT : 0);
	snapshot_init(&w->snapshot, source_kind(work->source), &o->by);
	aggregate_init(&w->groups, o->by.count);
	infer_init(&w->infer, add_mapping, w);
	grouper_init(&w->grouper, &w->snapshot.symbols, &o->by, &o->selection, o->rules, o->users);
}

void collector_free(struct collector *w)
{
	grouper_free(&w->grouper);
	aggregate_free(&w->groups);
	snapshot_free(&w->snapshot);
}
