#include "collect/collect.h"

#include "collect/collector.h"

#include <stdlib.h>

/* No more than there are targets, and one in any case. */
static unsigned job_count(const struct work *work)
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

static bool init_collectors(struct collector *collectors, unsigned count, struct work *work)
{
	bool whole = true;

	for (unsigned i = 0; i < count; i++)
		whole &= collector_init(&collectors[i], work);
	return whole;
}

static int read_all(struct work *work, struct read_stats *stats, struct error *e)
{
	unsigned count = work->jobs = job_count(work);
	struct collector *collectors = calloc(count, sizeof(*collectors));
	int status = 0;

	if (!collectors)
		return error_memory(e);
	if (!init_collectors(collectors, count, work))
		status = error_memory(e);
	if (status == 0 && count > 1)
		status = weigh_targets(work, count, e);
	if (status == 0)
		status = read_targets(work, collectors, count, e);
	for (unsigned i = 0; i < count; i++) {
		if (status == 0 && collectors[i].status < 0) {
			*e = collectors[i].error;
			status = -1;
		}
		read_stats_add(stats, &collectors[i].job.cost);
		collector_free(&collectors[i]);
	}
	free(collectors);
	return status;
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

int collect(const struct source *source, const struct collect_options *options,
	    struct intern *symbols, take_record_fn *take, void *ctx, struct read_stats *stats,
	    struct error *e)
{
	struct work work = {
		.source = source,
		.options = options,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.symbols = symbols,
		.take = take,
		.ctx = ctx,
	};
	int status = find_targets(&work, e);

	if (status == 0)
		status = read_all(&work, stats, e);
	free(work.targets.targets);
	return status;
}
