#include "collect/pool.h"

#include "base/clock.h"
#include "collect/revocable.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	TIMEOUT_MS = 5000,
	TIMEOUT_LEAST_MS =
		1000, /* the timeout halves each time, so that many stuck processes cost little */
	LOOKS = 8,    /* per timeout */
};

struct pool;

struct reader_thread {
	struct revocable sink; /* passes on to the job's sink */
	struct pool *pool;
	struct job *job;

	struct reader *reader;
	struct read_stats so_far; /* total before the current target */
	pthread_t thread;
	bool done;	/* protected by the pool's lock */
	atomic_int tid; /* of the thread, once it is running */

	/* For the watching thread: the state at its last look, and the number of looks without
	 * progress, minus those with progress. */
	unsigned long sequence;
	uint64_t cpu_ns;
	unsigned idle_looks;

	struct reader_thread *next; /* in the list of abandoned threads */
};

struct pool {
	const struct source *source;
	struct job *const *jobs;
	struct reader_thread **threads; /* by job; NULL if it has none */
	unsigned count;
	unsigned timeout_ms; /* 0 for none */
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

static unsigned timeout_ms = TIMEOUT_MS; /* for the next pool */

/* Abandoned threads that have not come back yet, from all pools. */
static struct reader_thread *abandoned;
static pthread_mutex_t abandoned_lock = PTHREAD_MUTEX_INITIALIZER;

/* Afterwards t owns itself. False if the thread is inside the sink. */
static bool take_sink(struct reader_thread *t, struct at_hand *process)
{
	bool revoked;

	pthread_mutex_lock(&abandoned_lock);
	revoked = revocable_revoke(&t->sink, t->sequence);
	if (revoked) {
		*process = t->sink.at_hand;
		t->next = abandoned;
		abandoned = t;
	}
	pthread_mutex_unlock(&abandoned_lock);
	return revoked;
}

static void remove_abandoned(const struct reader_thread *t)
{
	struct reader_thread **at;

	pthread_mutex_lock(&abandoned_lock);
	for (at = &abandoned; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	pthread_mutex_unlock(&abandoned_lock);
}

static bool is_abandoned(pid_t pid, struct at_hand *process)
{
	const struct reader_thread *t;

	pthread_mutex_lock(&abandoned_lock);
	for (t = abandoned; t && t->sink.at_hand.pid != pid; t = t->next)
		;
	if (t)
		*process = t->sink.at_hand;
	pthread_mutex_unlock(&abandoned_lock);
	return t != NULL;
}

bool pool_has_abandoned_any(void)
{
	bool any;

	pthread_mutex_lock(&abandoned_lock);
	any = abandoned != NULL;
	pthread_mutex_unlock(&abandoned_lock);
	return any;
}

/* Reading. */

static void thread_free(struct reader_thread *t)
{
	reader_free(t->reader);
	free(t);
}

static void give_up(struct job *job, const struct at_hand *process)
{
	struct error why;

	error_set(&why, ERROR_SYSTEM,
		  "process %d: reading its memory map timed out (mmap lock held?); as root, see "
		  "/proc/%d/task/*/stack",
		  process->pid, process->pid);
	job->give_up(job->ctx, process->pid, process->begun, &why);
}

/* Called inside the sink. Skips processes that are known to time out. */
static bool take(struct job *job, struct target *target)
{
	struct at_hand process;

	while (job->next(job->ctx, target)) {
		if (!is_abandoned(target->pid, &process))
			return true;
		give_up(job, &process);
	}
	return false;
}

/* Ends the last target, if any, and takes the next one. */
static bool step(struct reader_thread *t, const int *status, const struct error *e,
		 struct target *target)
{
	struct job *job = t->job;
	bool more;

	if (!revocable_enter(&t->sink))
		return false;
	if (status)
		job->ended(job->ctx, *status, e);
	t->so_far = *reader_stats(t->reader);
	t->sink.at_hand.ended = true; /* in whatever way */
	more = take(job, target);
	if (more)
		revocable_next(&t->sink, target->pid);
	revocable_leave(&t->sink);
	return more;
}

static void finish(struct reader_thread *t)
{
	struct pool *pool = t->pool;

	read_stats_add(&t->job->cost, reader_stats(t->reader));
	pthread_mutex_lock(&pool->lock);
	t->done = true;
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
}

/* False if the thread was abandoned. */
static bool read_all(struct reader_thread *t)
{
	struct target target = {0};
	struct error e;
	int status, *ended = NULL;

	atomic_store(&t->tid, gettid());
	while (step(t, ended, &e, &target)) {
		status = reader_read(t->reader, target, &e);
		ended = &status;
	}
	if (!revocable_enter(&t->sink))
		return false;
	finish(t); /* inside the sink, so that it cannot be abandoned any more */
	return true;
}

static void *read_in_thread(void *arg)
{
	struct reader_thread *t = arg;

	if (!read_all(t)) {
		remove_abandoned(t);
		thread_free(t);
	}
	return NULL;
}

/* Watching the threads. */

/* NULL if out of memory, which the job is told. */
static struct reader_thread *thread_new(struct pool *pool, struct job *job)
{
	struct reader_thread *t = calloc(1, sizeof(*t));
	struct error e;

	if (t) {
		revocable_init(&t->sink, job->sink);
		t->pool = pool;
		t->job = job;
		t->reader = reader_new(pool->source, &job->reading, &t->sink.sink);
	}
	if (t && t->reader)
		return t;
	free(t);
	error_memory(&e);
	job->ended(job->ctx, -1, &e);
	return NULL;
}

/* False if no thread could start; other errors go to the job. */
static bool start(struct pool *pool, unsigned i)
{
	struct reader_thread *t = thread_new(pool, pool->jobs[i]);
	int error;

	if (!t)
		return true;
	error = pthread_create(&t->thread, NULL, read_in_thread, t);
	if (error == 0)
		pool->threads[i] = t;
	else
		thread_free(t);
	return error == 0;
}

/* Whether the thread made no progress at all since the last look. Slow work, such as a walk over a
 * million pages, takes CPU time; waiting for a lock takes none. */
static bool is_idle(struct reader_thread *t)
{
	unsigned long sequence = atomic_load(&t->sink.sequence);
	uint64_t cpu_ns = t->cpu_ns;
	clockid_t clock;
	bool idle;

	if (pthread_getcpuclockid(t->thread, &clock) == 0)
		cpu_ns = clock_ns(clock);
	idle = sequence == t->sequence && cpu_ns == t->cpu_ns;
	t->sequence = sequence;
	t->cpu_ns = cpu_ns;
	return idle;
}

/* Whether the thread is runnable and only waits for a CPU; true if unknown. */
static bool is_runnable(const struct reader_thread *t)
{
	char path[64], text[256];
	const char *name_end = NULL;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&t->tid));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n > 0) {
		text[n] = '\0';
		name_end = strrchr(text, ')');
	}
	return !name_end || strncmp(name_end, ") R", 3) == 0;
}

/* Counts looks rather than time, during which anonmem itself may have been stopped. A process that
 * makes progress only now and then runs out of looks too. */
static bool is_stuck(struct reader_thread *t)
{
	if (!is_idle(t))
		t->idle_looks -= t->idle_looks > 0;
	else if (t->idle_looks < LOOKS)
		t->idle_looks++;
	return t->idle_looks == LOOKS && !is_runnable(t);
}

static bool is_reading(const struct reader_thread *t)
{
	return t && !t->done;
}

static bool is_anybody_reading(const struct pool *pool)
{
	unsigned i = 0;

	while (i < pool->count && !is_reading(pool->threads[i]))
		i++;
	return i < pool->count;
}

/* Lets another thread continue the job. */
static void abandon(struct pool *pool, unsigned i)
{
	struct reader_thread *t = pool->threads[i];
	struct job *job = pool->jobs[i];
	pthread_t thread = t->thread;
	struct at_hand process;
	struct error e;

	if (!take_sink(t, &process))
		return;
	pool->threads[i] = NULL;
	pthread_detach(thread);
	read_stats_add(&job->cost, &t->so_far);
	if (process.ended)
		job->ended(job->ctx, 0, NULL);
	else
		give_up(job, &process);
	pool->timeout_ms =
		pool->timeout_ms / 2 > TIMEOUT_LEAST_MS ? pool->timeout_ms / 2 : TIMEOUT_LEAST_MS;
	if (start(pool, i) || is_anybody_reading(pool))
		return;
	error_set(&e, ERROR_SYSTEM,
		  "reading a process timed out, and no other thread could start; "
		  "raise the limit of processes (ulimit -u)");
	job->ended(job->ctx, -1, &e);
}

/* Waits until a thread is done; false when it is time to look at them. */
static bool wait_for_change(struct pool *pool)
{
	struct timespec until;

	if (pool->timeout_ms == 0)
		return pthread_cond_wait(&pool->changed, &pool->lock) == 0;
	until = clock_timespec(clock_ns(CLOCK_MONOTONIC) +
			       MILLISECOND_NS * pool->timeout_ms / LOOKS);
	return pthread_cond_timedwait(&pool->changed, &pool->lock, &until) == 0;
}

static void watch_over(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (is_anybody_reading(pool)) {
		if (wait_for_change(pool))
			continue;
		for (unsigned i = 0; i < pool->count; i++) {
			if (is_reading(pool->threads[i]) && is_stuck(pool->threads[i]))
				abandon(pool, i);
		}
	}
	pthread_mutex_unlock(&pool->lock);
}

static void read_here(struct pool *pool)
{
	struct reader_thread *t = thread_new(pool, pool->jobs[0]);

	if (t && read_all(t))
		thread_free(t);
}

static void start_all(struct pool *pool)
{
	unsigned i = 0;

	while (i < pool->count && start(pool, i))
		i++;
	if (i == 0)
		read_here(pool);
}

static void join_all(struct pool *pool)
{
	for (unsigned i = 0; i < pool->count; i++) {
		if (pool->threads[i]) {
			pthread_join(pool->threads[i]->thread, NULL);
			thread_free(pool->threads[i]);
		}
	}
}

static void init_changed(struct pool *pool)
{
	pthread_condattr_t how;

	pthread_condattr_init(&how);
	pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->changed, &how);
	pthread_condattr_destroy(&how);
}

/* Raises the timeout slowly: in the watch, processes that got unstuck are read again next time. */
static void keep_timeout(const struct pool *pool)
{
	unsigned twice = 2 * pool->timeout_ms;

	if (pool->timeout_ms > 0 && pool->timeout_ms < timeout_ms)
		timeout_ms = pool->timeout_ms;
	else if (pool->timeout_ms > 0)
		timeout_ms = twice < TIMEOUT_MS ? twice : TIMEOUT_MS;
}

int pool_read(const struct source *source, struct job *const *jobs, unsigned count, struct error *e)
{
	struct pool pool = {
		.source = source,
		.jobs = jobs,
		.threads = calloc(count, sizeof(struct reader_thread *)),
		.count = count,
		.timeout_ms = source_is_live(source) ? timeout_ms : 0,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	if (!pool.threads)
		return error_memory(e);
	init_changed(&pool);
	start_all(&pool);
	watch_over(&pool);
	join_all(&pool);
	keep_timeout(&pool);
	pthread_cond_destroy(&pool.changed);
	free(pool.threads);
	return 0;
}
