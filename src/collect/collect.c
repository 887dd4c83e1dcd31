#include "collect/collect.h"

#include "collect/collector.h"
#include "collect/sharing.h"

#include <stdlib.h>

/* At most one per target, but at least one. */
static unsigned job_count(const struct work *work)
{
	unsigned jobs = work->options->jobs;

	if (jobs > work->targets.count)
		jobs = (unsigned)work->targets.count;
	return jobs > 0 ? jobs : 1;
}

static void *look(void *arg)
{
	struct work *work = arg;
	size_t i;

	while ((i = atomic_fetch_add(&work->next, 1)) < work->targets.count)
		source_look(work->source, &work->targets.targets[i]);
	return NULL;
}

/* Finds out how long targets take to read, and the signs of their memory. */
static int look_at_targets(struct work *work, unsigned count, struct error *e)
{
	pthread_t *threads = calloc(count, sizeof(*threads));
	unsigned started = 0;

	if (!threads)
		return error_memory(e);
	while (started + 1 < count && pthread_create(&threads[started], NULL, look, work) == 0)
		started++;
	look(work);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	free(threads);
	atomic_store(&work->next, 0);
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct memory_user *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Moves processes that share memory behind all others, set by set, each with the lowest pid first:
 * the first one read counts the memory. */
static int order_sharers(struct work *work, const struct memory_user *users, struct error *e)
{
	struct target_list *all = &work->targets, sharers = {NULL, 0};
	size_t kept = 0;

	sharers.targets = calloc(all->count + 1, sizeof(*sharers.targets));
	if (!sharers.targets)
		return error_memory(e);
	for (size_t i = 0; i < all->count; i++) {
		struct target *t = &all->targets[i];

		t->memory = users[i].set;
		t->like = users[i].like;
		if (t->memory)
			sharers.targets[sharers.count++] = *t;
		else
			all->targets[kept++] = *t;
	}
	if (sharers.count)
		memcpy(&all->targets[kept], sharers.targets, sharers.count * sizeof(*all->targets));
	work->alone = kept;
	free(sharers.targets);
	return 0;
}

/* Targets are sorted by pid, before and after. */
static int find_sharers(struct work *work, struct error *e)
{
	size_t count = work->targets.count;
	struct memory_user *users = calloc(count + 1, sizeof(*users));
	struct sharing sharing;
	int status;

	if (!users)
		return error_memory(e);
	for (size_t i = 0; i < count; i++)
		users[i] = (struct memory_user){.pid = work->targets.targets[i].pid,
						.signs = work->targets.targets[i].signs};
	status = sharing_find(work->source, users, count, &sharing, e);
	if (status == 0 && sharing.sets + sharing.likes > 0) {
		qsort(users, count, sizeof(*users), by_pid);
		work->owners = calloc(sharing.sets + 1, sizeof(*work->owners));
		status = work->owners ? order_sharers(work, users, e) : error_memory(e);
	}
	free(users);
	return status;
}

/* Prepares the targets. The heaviest come first, so that at the end no thread waits long for
 * one. */
static int prepare(struct work *work, unsigned jobs, struct error *e)
{
	bool of_processes = source_kind(work->source) != SOURCE_SMAPS;
	bool compares = of_processes && work->options->finds_sharers && work->targets.count > 1;

	work->alone = work->targets.count;
	if ((jobs > 1 || compares) && look_at_targets(work, jobs, e) < 0)
		return -1;
	if (compares && find_sharers(work, e) < 0)
		return -1;
	if (jobs > 1)
		target_list_sort(&(struct target_list){work->targets.targets, work->alone});
	work->end = work->alone;
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
	if (status == 0 && work->alone < work->targets.count) {
		atomic_store(&work->next, work->alone);
		work->end = work->targets.count;
		status = pool_read(work->source, jobs, 1, e);
	}
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
	if (status == 0)
		status = prepare(work, count, e);
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

	intern_init(&work.likes);
	if (status == 0)
		status = read_all(&work, stats, e);
	free(work.targets.targets);
	free(work.owners);
	intern_free(&work.likes);
	return status;
}
