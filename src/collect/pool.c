#include "collect/pool.h"

#include "collect/revocable.h"
#include "model/snapshot.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	TIMEOUT_MS = 5000,
	TIMEOUT_LEAST_MS = 1000, /* it halves each time, so that many processes cannot use it up */
	LOOKS = 8,		 /* in that time */
};

struct pool;

/* A thread that reads. */
struct reader_thread {
	struct revocable sink; /* what is behind it: */
	struct pool *crew;
	struct job *job;

	struct reader *reader;
	pthread_t thread;
	bool done;	/* under the crew's lock */
	atomic_int tid; /* of the thread, once it runs */

	/* Of who watches it: what was seen of it, and how many looks saw no change, less those that
	 * saw some. */
	unsigned long sequence;
	struct timespec cpu;
	unsigned idle_looks;

	struct reader_thread *next; /* that was left behind, too */
};

struct pool {
	const struct source *source;
	struct job *const *jobs;
	struct reader_thread **threads; /* of each job; NULL if it has none */
	unsigned count;
	unsigned timeout_ms; /* 0 for ever */
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

static unsigned timeout_ms = TIMEOUT_MS; /* of the next crew */

/* Those who were left behind and did not come back yet, whoever left them. */
static struct reader_thread *left;
static pthread_mutex_t left_lock = PTHREAD_MUTEX_INITIALIZER;

/* From then on, h belongs to its thread. False if that is inside. */
static bool shut_out(struct reader_thread *h, struct at_hand *process)
{
	bool shut;

	pthread_mutex_lock(&left_lock);
	shut = revocable_revoke(&h->sink, h->sequence);
	if (shut) {
		*process = h->sink.at_hand;
		h->next = left;
		left = h;
	}
	pthread_mutex_unlock(&left_lock);
	return shut;
}

static void remove_left(const struct reader_thread *h)
{
	struct reader_thread **at;

	pthread_mutex_lock(&left_lock);
	for (at = &left; *at != h; at = &(*at)->next)
		;
	*at = h->next;
	pthread_mutex_unlock(&left_lock);
}

static bool is_held_up(pid_t pid, struct at_hand *process)
{
	const struct reader_thread *h;

	pthread_mutex_lock(&left_lock);
	for (h = left; h && h->sink.at_hand.pid != pid; h = h->next)
		;
	if (h)
		*process = h->sink.at_hand;
	pthread_mutex_unlock(&left_lock);
	return h != NULL;
}

bool pool_has_abandoned_any(void)
{
	bool any;

	pthread_mutex_lock(&left_lock);
	any = left != NULL;
	pthread_mutex_unlock(&left_lock);
	return any;
}

/* Reading. */

static void thread_free(struct reader_thread *h)
{
	reader_free(h->reader);
	free(h);
}

static void give_up(struct job *s, const struct at_hand *process)
{
	struct error why;

	error_set(&why, ERROR_SYSTEM,
		  "process %d: the kernel does not give its memory map, as if something held its "
		  "lock; as root, see in /proc/%d/task/*/stack what its threads wait for",
		  process->pid, process->pid);
	s->give_up(s->ctx, process->pid, process->begun, &why);
}

/* Behind the gate. What is known to hold up whoever reads it is passed over. */
static bool take(struct job *s, struct target *target)
{
	struct at_hand process;

	while (s->next(s->ctx, target)) {
		if (!is_held_up(target->pid, &process))
			return true;
		give_up(s, &process);
	}
	return false;
}

/* Ends the last target, if any, and takes the next. */
static bool step(struct reader_thread *h, const int *status, const struct error *e,
		 struct target *target)
{
	struct job *s = h->job;
	bool more;

	if (!revocable_enter(&h->sink))
		return false;
	s->stats = reader_stats(h->reader);
	if (status)
		s->ended(s->ctx, *status, e);
	s->so_far = *s->stats;
	h->sink.at_hand.ended = true; /* however it did */
	more = take(s, target);
	if (more)
		revocable_next(&h->sink, target->pid);
	revocable_leave(&h->sink);
	return more;
}

static void finish(struct reader_thread *h)
{
	struct pool *c = h->crew;

	read_stats_add(&h->job->cost, reader_stats(h->reader));
	pthread_mutex_lock(&c->lock);
	h->done = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

/* False if it was left behind. */
static bool read_all(struct reader_thread *h)
{
	struct target target = {0};
	struct error e;
	int status, *ended = NULL;

	atomic_store(&h->tid, gettid());
	while (step(h, ended, &e, &target)) {
		status = reader_read(h->reader, target, &e);
		ended = &status;
	}
	if (!revocable_enter(&h->sink))
		return false;
	finish(h); /* and stay inside, where nobody is left behind */
	return true;
}

static void *read_in_thread(void *arg)
{
	struct reader_thread *h = arg;

	if (!read_all(h)) {
		remove_left(h);
		thread_free(h);
	}
	return NULL;
}

/* Watching those who read. */

/* NULL without memory, of which the job hears. */
static struct reader_thread *thread_new(struct pool *c, struct job *s)
{
	struct reader_thread *h = calloc(1, sizeof(*h));
	struct error e;

	if (h) {
		revocable_init(&h->sink, s->sink);
		h->crew = c;
		h->job = s;
		h->reader = reader_new(c->source, &s->how, &h->sink.sink);
	}
	if (h && h->reader)
		return h;
	free(h);
	error_memory(&e);
	s->ended(s->ctx, -1, &e);
	return NULL;
}

/* False if no thread can be had; what else is wrong, the job knows. */
static bool start(struct pool *c, unsigned i)
{
	struct reader_thread *h = thread_new(c, c->jobs[i]);
	int error;

	if (!h)
		return true;
	error = pthread_create(&h->thread, NULL, read_in_thread, h);
	if (error == 0)
		c->threads[i] = h;
	else
		thread_free(h);
	return error == 0;
}

/* Whether it did nothing at all since the last look. What is slow, such as a walk over a million
 * pages, takes processor time; what waits for a lock takes none. */
static bool is_idle(struct reader_thread *h)
{
	unsigned long sequence = atomic_load(&h->sink.sequence);
	struct timespec cpu = h->cpu;
	clockid_t clock;
	bool idle;

	if (pthread_getcpuclockid(h->thread, &clock) == 0)
		clock_gettime(clock, &cpu);
	idle = sequence == h->sequence && cpu.tv_sec == h->cpu.tv_sec &&
	       cpu.tv_nsec == h->cpu.tv_nsec;
	h->sequence = sequence;
	h->cpu = cpu;
	return idle;
}

/* Whether the thread could run, and only waits for a processor; or is not known. */
static bool is_runnable(const struct reader_thread *h)
{
	char path[64], text[256];
	const char *name_end = NULL;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&h->tid));
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

/* Looks are counted rather than time, in which anonmem itself may have been stopped. A process that
 * lets go now and then uses them up as well. */
static bool is_stuck(struct reader_thread *h)
{
	if (!is_idle(h))
		h->idle_looks -= h->idle_looks > 0;
	else if (h->idle_looks < LOOKS)
		h->idle_looks++;
	return h->idle_looks == LOOKS && !is_runnable(h);
}

static bool is_reading(const struct reader_thread *h)
{
	return h && !h->done;
}

static bool is_anybody_reading(const struct pool *c)
{
	unsigned i = 0;

	while (i < c->count && !is_reading(c->threads[i]))
		i++;
	return i < c->count;
}

/* Another thread goes on with the job. */
static void leave_behind(struct pool *c, unsigned i)
{
	struct reader_thread *h = c->threads[i];
	struct job *s = c->jobs[i];
	pthread_t thread = h->thread;
	struct at_hand process;
	struct error e;

	if (!shut_out(h, &process))
		return;
	c->threads[i] = NULL;
	pthread_detach(thread);
	read_stats_add(&s->cost, &s->so_far);
	s->stats = &s->so_far;
	if (process.ended)
		s->ended(s->ctx, 0, NULL);
	else
		give_up(s, &process);
	c->timeout_ms = c->timeout_ms / 2 > TIMEOUT_LEAST_MS ? c->timeout_ms / 2 : TIMEOUT_LEAST_MS;
	if (start(c, i) || is_anybody_reading(c))
		return;
	error_set(&e, ERROR_SYSTEM,
		  "a process holds up whoever reads it, and no other thread can be had to go on; "
		  "raise the limit of processes (ulimit -u)");
	s->ended(s->ctx, -1, &e);
}

/* Until one of them is done, or it is time to look at them: then false. */
static bool wait_for_change(struct pool *c)
{
	struct timespec until;
	uint64_t ns;

	if (c->timeout_ms == 0)
		return pthread_cond_wait(&c->changed, &c->lock) == 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	ns = (uint64_t)until.tv_nsec + UINT64_C(1000000) * c->timeout_ms / LOOKS;
	until.tv_sec += (time_t)(ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	return pthread_cond_timedwait(&c->changed, &c->lock, &until) == 0;
}

static void watch_over(struct pool *c)
{
	pthread_mutex_lock(&c->lock);
	while (is_anybody_reading(c)) {
		if (wait_for_change(c))
			continue;
		for (unsigned i = 0; i < c->count; i++) {
			if (is_reading(c->threads[i]) && is_stuck(c->threads[i]))
				leave_behind(c, i);
		}
	}
	pthread_mutex_unlock(&c->lock);
}

static void read_here(struct pool *c)
{
	struct reader_thread *h = thread_new(c, c->jobs[0]);

	if (h && read_all(h))
		thread_free(h);
}

static void start_all(struct pool *c)
{
	unsigned i = 0;

	while (i < c->count && start(c, i))
		i++;
	if (i == 0)
		read_here(c);
}

static void join_all(struct pool *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (c->threads[i]) {
			pthread_join(c->threads[i]->thread, NULL);
			thread_free(c->threads[i]);
		}
	}
}

static void init_changed(struct pool *c)
{
	pthread_condattr_t how;

	pthread_condattr_init(&how);
	pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &how);
	pthread_condattr_destroy(&how);
}

/* It comes back slowly: in the watch, those who let go are there again the next time. */
static void keep_patience(const struct pool *c)
{
	unsigned twice = 2 * c->timeout_ms;

	if (c->timeout_ms > 0 && c->timeout_ms < timeout_ms)
		timeout_ms = c->timeout_ms;
	else if (c->timeout_ms > 0)
		timeout_ms = twice < TIMEOUT_MS ? twice : TIMEOUT_MS;
}

int pool_read(const struct source *source, struct job *const *jobs, unsigned count, struct error *e)
{
	struct pool c = {
		.source = source,
		.jobs = jobs,
		.threads = calloc(count, sizeof(struct reader_thread *)),
		.count = count,
		.timeout_ms = source_is_live(source) ? timeout_ms : 0,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	if (!c.threads)
		return error_memory(e);
	init_changed(&c);
	start_all(&c);
	watch_over(&c);
	join_all(&c);
	keep_patience(&c);
	pthread_cond_destroy(&c.changed);
	free(c.threads);
	return 0;
}
