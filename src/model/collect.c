#include "model/collect.h"

#include "model/keyer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* What the threads of one reading share. */
struct work {
	const struct source *source;
	const struct collect_options *options;
	struct target_list targets;
	atomic_size_t next;   /* target */
	atomic_bool stop;     /* one of them failed */
	pthread_mutex_t each; /* held while options->each is called */
};

/* One thread. */
struct worker {
	struct work *work;
	pthread_t thread;
	struct snapshot snapshot;
	struct keyer keyer;
	struct infer infer;
	size_t target;		     /* number of the one at hand */
	const struct effort *effort; /* of the reader, */
	struct effort told;	     /* and what of it was told */
	bool no_memory;
	int status;
	struct error error;

	/* The process at hand. */
	struct aggregate groups;
	uint32_t group[GUESS_COUNT]; /* of the last mapping with each guess */
	struct files {
		enum { FILES_NONE, FILES_TOGETHER, FILES_APART } state;
		uint32_t group; /* of all mappings of files, while they are together */
	} files;		/* only of a process that is scanned */
	struct group all;	/* every mapping, wanted or not; only to verify */
	symbol process;		/* only to verify */
	size_t differences_before;
	bool swaps_shared;
	bool compared;
	uint64_t pss_anon;
	bool pss_anon_known;
};

static bool on_begin(void *ctx, const struct process *process)
{
	struct worker *w = ctx;
	int wanted = selection_wants_process(&w->work->options->selection, process);

	w->no_memory |= wanted < 0;
	w->snapshot.unidentified +=
		wanted == 0 && selection_is_in_doubt(&w->work->options->selection, process);
	if (wanted != 1)
		return false;
	aggregate_reset(&w->groups);
	group_zero(&w->all);
	w->compared = w->pss_anon_known = w->swaps_shared = false;
	w->files.state = FILES_NONE;
	w->differences_before = w->snapshot.verification.count;
	infer_begin(&w->infer);
	w->no_memory |= !keyer_process(&w->keyer, process);
	if (w->work->options->verify) {
		w->process = key_intern_process(&w->snapshot.symbols, process);
		w->no_memory |= w->process == SYMBOL_NONE;
	}
	return true;
}

/* Keeps track of whether all mappings of files are in one group. */
static void note_file(struct worker *w, uint32_t group)
{
	if (w->files.state == FILES_NONE)
		w->files = (struct files){FILES_TOGETHER, group};
	else if (w->files.group != group)
		w->files.state = FILES_APART;
}

static inline int add_mapping(void *ctx, const struct mapping *m, enum guess guess, struct error *e)
{
	struct worker *w = ctx;
	symbol key[KEY_COUNT];
	struct group *group;
	enum kind kind;

	switch (keyer_mapping(&w->keyer, m, guess, key, &kind)) {
	case KEYED_UNWANTED:
		return 0;
	case KEYED_NO_MEMORY:
		return error_memory(e);
	case KEYED:
		group = aggregate_group(&w->groups, key);
		if (!group)
			return error_memory(e);
		w->group[guess] = (uint32_t)(group - w->groups.groups);
		break;
	case KEYED_AGAIN:
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
static bool count_mapping(struct worker *w, const struct mapping *m)
{
	if (w->work->options->verify) {
		w->all.mappings++;
		w->groups.inexact |= !counters_add(&w->all.counters, &m->counters);
	}
	return !w->no_memory;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct worker *w = ctx;

	return count_mapping(w, m) ? add_mapping(w, m, GUESS_NONE, e) : error_memory(e);
}

static int on_mapping_to_infer(void *ctx, const struct mapping *m, struct error *e)
{
	struct worker *w = ctx;

	return count_mapping(w, m) ? infer_mapping(&w->infer, m, e) : error_memory(e);
}

static void on_cancel(void *ctx)
{
	struct worker *w = ctx;

	w->snapshot.verification.count = w->differences_before;
}

static bool on_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	struct worker *w = ctx;
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
	struct worker *w = ctx;
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
static void accept(struct worker *w)
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
static struct effort effort_of_process(struct worker *w)
{
	const struct effort before = w->told, *now = w->effort;

	w->told = *now;
	return (struct effort){
		.scanned = now->scanned - before.scanned,
		.unscannable = now->unscannable - before.unscannable,
		.barred = now->barred - before.barred,
		.names_read = now->names_read - before.names_read,
		.names_lost = now->names_lost - before.names_lost,
	};
}

/* Hands the process at hand to who wants each of them. */
static bool tell(struct worker *w, enum outcome outcome)
{
	struct work *work = w->work;
	const struct finding finding = {
		.target = w->target,
		.outcome = outcome,
		.swaps_shared = w->swaps_shared,
		.effort = effort_of_process(w),
		.symbols = &w->snapshot.symbols,
		.groups = outcome == OUTCOME_READ ? &w->groups : NULL,
	};
	bool enough;

	pthread_mutex_lock(&work->each);
	enough = work->options->each(work->options->each_ctx, &finding);
	pthread_mutex_unlock(&work->each);
	return enough;
}

static void on_end(void *ctx, enum outcome outcome, const struct error *why)
{
	struct worker *w = ctx;
	struct coverage *coverage = &w->snapshot.coverage;

	coverage->seen++;
	coverage->by_outcome[outcome]++;
	if (outcome == OUTCOME_READ)
		accept(w);
	else
		on_cancel(w);
	if (w->work->options->each)
		w->no_memory |= !tell(w, outcome);
	if (why)
		w->no_memory |= !snapshot_add_problem(&w->snapshot, w->target, why->text);
}

/* The next target for whoever asks; false when there is none left. */
static bool next_target(struct work *work, size_t *i)
{
	*i = atomic_fetch_add(&work->next, 1);
	return *i < work->targets.count && !atomic_load(&work->stop);
}

static void *weigh_targets(void *arg)
{
	struct work *work = ((struct worker *)arg)->work;
	size_t i;

	while (next_target(work, &i))
		source_weigh(work->source, &work->targets.targets[i]);
	return NULL;
}

static void *read_targets(void *arg)
{
	struct worker *w = arg;
	struct work *work = w->work;
	const struct collect_options *o = work->options;
	const struct sink sink = {
		.ctx = w,
		.begin = on_begin,
		.mapping = o->infer ? on_mapping_to_infer : on_mapping,
		.cancel = on_cancel,
		.rollup = on_rollup,
		.rest = on_rest,
		.end = on_end,
	};
	struct reading how = o->reading;
	struct reader *reader;
	size_t i;

	how.needs = grouping_needs(&o->by) | selection_needs(&o->selection) |
		    (o->verify ? NEED_ROLLUP | NEED_STAT : 0);
	reader = reader_new(work->source, &how, &sink);
	if (reader)
		w->effort = reader_effort(reader);
	else
		w->status = error_memory(&w->error);
	while (w->status == 0 && next_target(work, &i)) {
		w->target = work->targets.targets[i].number;
		w->status = reader_read(reader, work->targets.targets[i], &w->error);
		if (w->status == 0 && w->no_memory)
			w->status = error_memory(&w->error);
	}
	if (w->status < 0)
		atomic_store(&work->stop, true);
	if (reader)
		w->snapshot.effort = *reader_effort(reader);
	reader_free(reader);
	return NULL;
}

static void worker_init(struct worker *w, struct work *work)
{
	const struct collect_options *o = work->options;

	*w = (struct worker){.work = work};
	snapshot_init(&w->snapshot, source_kind(work->source), &o->by);
	aggregate_init(&w->groups, o->by.count);
	infer_init(&w->infer, add_mapping, w);
	keyer_init(&w->keyer, &w->snapshot.symbols, &o->by, &o->selection, o->rules, o->users);
}

static void worker_free(struct worker *w)
{
	keyer_free(&w->keyer);
	aggregate_free(&w->groups);
	snapshot_free(&w->snapshot);
}

/* Has all workers do something; the main thread is one of them. Where a thread cannot be had, the
 * others do its part. */
static void run_all(struct worker *workers, unsigned count, void *(*what)(void *worker))
{
	unsigned started = 1;

	atomic_store(&workers->work->next, 0);
	while (started < count &&
	       pthread_create(&workers[started].thread, NULL, what, &workers[started]) == 0)
		started++;
	what(&workers[0]);
	while (started > 1)
		pthread_join(workers[--started].thread, NULL);
}

/* No more than there are targets, and one in any case. */
static unsigned worker_count(const struct work *work)
{
	unsigned jobs = work->options->jobs;

	if (jobs > work->targets.count)
		jobs = (unsigned)work->targets.count;
	return jobs > 0 ? jobs : 1;
}

static int read_all(struct work *work, struct snapshot *s, struct error *e)
{
	unsigned count = worker_count(work);
	struct worker *workers = calloc(count, sizeof(*workers));
	int status = 0;

	if (!workers)
		return error_memory(e);
	for (unsigned i = 0; i < count; i++)
		worker_init(&workers[i], work);
	if (count > 1) {
		run_all(workers, count, weigh_targets);
		target_list_sort(&work->targets);
	}
	run_all(workers, count, read_targets);
	for (unsigned i = 0; i < count; i++) {
		if (status == 0 && workers[i].status < 0) {
			*e = workers[i].error;
			status = -1;
		}
		if (status == 0 && !snapshot_merge(s, &workers[i].snapshot))
			status = error_memory(e);
		worker_free(&workers[i]);
	}
	free(workers);
	snapshot_sort(s);
	return status;
}

/* AnonPages is kept in parts by each processor; what those may hold back proves nothing. And the
 * processes go on while they are read, one after the other. */
static uint64_t anon_tolerance(const struct machine *m, uint64_t anon)
{
	enum { PAGES_A_PROCESSOR = 125 };
	uint64_t processors = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);

	return processors * PAGES_A_PROCESSOR * (uint64_t)m->page_size + anon / 100;
}

static void compare_anon(const struct work *work, struct snapshot *s)
{
	struct verification *v = &s->verification;
	const struct selection *wanted = &work->options->selection;
	struct meminfo after;
	struct error ignored;

	if (s->source != SOURCE_PROC || source_is_limited(work->source) ||
	    !s->machine.meminfo_known || v->without_pss_anon > 0 || wanted->name ||
	    wanted->cgroup || wanted->by_user || coverage_missed(&s->coverage) > 0 ||
	    meminfo_live(&after, &ignored) < 0)
		return;
	v->anon_known = true;
	v->anon_before = s->machine.meminfo.bytes[MEMINFO_ANON_PAGES];
	v->anon_after = after.bytes[MEMINFO_ANON_PAGES];
	v->anon_tolerance = anon_tolerance(&s->machine, v->anon_after);
}

static int find_targets(struct work *work, struct error *e)
{
	const struct target_list *given = work->options->targets;
	struct target_list *list = &work->targets;

	if (!given)
		return source_targets(work->source, list, e);
	list->targets = calloc(given->count + 1, sizeof(*list->targets));
	if (!list->targets)
		return error_memory(e);
	list->count = given->count;
	if (given->count)
		memcpy(list->targets, given->targets, given->count * sizeof(*list->targets));
	return 0;
}

static int collect_once(const struct source *source, const struct collect_options *options,
			struct snapshot *s, struct error *e)
{
	struct work work = {
		.source = source, .options = options, .each = PTHREAD_MUTEX_INITIALIZER};
	int status;

	snapshot_init(s, source_kind(source), &options->by);
	s->verified = options->verify;
	s->inferred = options->infer;
	machine_read(source, &s->machine);
	status = find_targets(&work, e);
	if (status == 0)
		status = read_all(&work, s, e);
	if (status == 0 && options->verify)
		compare_anon(&work, s);
	/* Of processes that could not be read nothing is known, which is not zero. */
	if (s->coverage.by_outcome[OUTCOME_READ] == 0)
		s->totals.counters.known = 0;
	free(work.targets.targets);
	return status;
}

int collect(const struct source *source, const struct collect_options *options, struct snapshot *s,
	    struct error *e)
{
	int status = collect_once(source, options, s, e);

	/* Processes are read again one by one; the system's total can only be read again whole. */
	if (status == 0 && !verification_anon_agrees(&s->verification)) {
		snapshot_free(s);
		status = collect_once(source, options, s, e);
	}
	return status;
}
