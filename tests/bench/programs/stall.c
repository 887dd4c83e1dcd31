/*
 * A process of 4 GiB in small pages that maps and unmaps a page repeatedly and measures how long
 * that takes: the effect of a reader on the process it reads.
 *
 * Prints "ready"; then, for every line on stdin, the longest such pair since the previous line, in
 * nanoseconds, and the number of pairs. Ends when stdin closes.
 */
#include "common.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

/* The pause between two pairs. Without one, this thread would use up its share of a CPU, and
 * waiting for a CPU, which is not the reader's fault, would be measured too. */
enum { PAUSE_NS = 50000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long long worst, pairs;

static long long time_pair(void)
{
	long long begin = now_ns();
	void *at = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED || munmap(at, page_bytes()) < 0)
		fail("mmap");
	return now_ns() - begin;
}

static void *measure(void *unused)
{
	struct timespec wait = {0, PAUSE_NS};

	prctl(PR_SET_TIMERSLACK, 1);
	for (;;) {
		long long took = time_pair();

		pthread_mutex_lock(&lock);
		worst = took > worst ? took : worst;
		pairs++;
		pthread_mutex_unlock(&lock);
		nanosleep(&wait, NULL);
	}
	return unused;
}

static void answer(void)
{
	pthread_mutex_lock(&lock);
	printf("%lld %lld\n", worst, pairs);
	worst = pairs = 0;
	pthread_mutex_unlock(&lock);
	fflush(stdout);
}

int main(void)
{
	pthread_t thread;
	int byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map_resident(RESIDENT_BYTES);
	if (pthread_create(&thread, NULL, measure, NULL) != 0)
		fail("thread");
	printf("ready\n");
	fflush(stdout);
	while ((byte = getchar()) != EOF) {
		if (byte == '\n')
			answer();
	}
	return 0;
}
