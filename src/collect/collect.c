#include "collect/collect.h"

#include "collect/collector.h"

#include <stdlib.h>
#include <unistd.h>

/* No more than there are targets, and one in any case. */
static unsigned collector_count(const struct work *work)
{
	unsigned jobs = work->options->jobs;

	if (jobs > work->targets.count)
		jobs = (unsigned)work->targets.count;
	return jobs > 0 ? jobs : 1;
}

static void *weigh(void *arg)
{
	struct work *work = arg;
	size_t i;

	while ((i = atomic_fetch_add(&work->next, 1)) < work->targets.count)
		source_weigh(work->source, &work->targets.targets[i]);
	return NULL;
}

/* The heaviest are to be read first, so that in the end nobody waits long for one. */
static int weigh_targets(struct work *work, unsigned count, struct error *e)
{
	pthread_t *threads = calloc(count, sizeof(*threads));
	unsigned started = 0;

	if (!threads)
		return error_memory(e);
	while (started + 1 < count && pthread_create(&threads[started], NULL, weigh, work) == 0)
		started++;
	weigh(work);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	free(threads);
	atomic_store(&work->next, 0);
	target_list_sort(&work->targets);
	return 0;
}

static int read_targets(struct work *work, struct collector *collectors, unsigned count,
			struct error *e)
{
	struct job **jobs = calloc(count, sizeof(struct job *));
	int status;

	if (!jobs)
		return error_memory(e);
	for (unsigned i = 0; i < count; i++)
		jobs[i] = &collectors[i].job;
	status = pool_read(work->source, jobs, count, e);
	free(jobs);
	return status;
}

static int take_over(struct collector *w, struct snapshot *s, struct error *e)
{
	if (w->status < 0) {
		*e = w->error;
		return -1;
	}
	read_stats_add(&w->snapshot.stats, &w->job.cost);
	return snapshot_merge(s, &w->snapshot) ? 0 : error_memory(e);
}

static int read_all(struct work *work, struct snapshot *s, struct error *e)
{
	unsigned count = collector_count(work);
	struct collector *collectors = calloc(count, sizeof(*collectors));
	int status = 0;

	if (!collectors)
		return error_memory(e);
	for (unsigned i = 0; i < count; i++)
		collector_init(&collectors[i], work);
	if (count > 1)
		status = weigh_targets(work, count, e);
	if (status == 0)
		status = read_targets(work, collectors, count, e);
	for (unsigned i = 0; i < count; i++) {
		if (status == 0)
			status = take_over(&collectors[i], s, e);
		collector_free(&collectors[i]);
	}
	free(collectors);
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
