/*
 * asks WHAT THREADS: asks malloc() for memory without pause, and prints the CPU time in ns for one
 * request. WHAT is `pair`, `random`, `libraries` (each of eight in turn) or `strdup`. With
 * -DLIBRARY=n this is the n-th of the libraries.
 */
#include <stdlib.h>

#ifdef LIBRARY
#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

void *PASTE(ask_, LIBRARY)(size_t size)
{
	void *p = malloc(size);

	__asm__ volatile("" : : "r"(p) : "memory"); /* no jump to malloc() */
	return p;
}
#else
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LIVE = 10000, THREADS_MAX = 8 };

void *ask_1(size_t size), *ask_2(size_t size), *ask_3(size_t size), *ask_4(size_t size);
void *ask_5(size_t size), *ask_6(size_t size), *ask_7(size_t size), *ask_8(size_t size);

static void *(*const libraries[])(size_t) = {ask_1, ask_2, ask_3, ask_4,
					     ask_5, ask_6, ask_7, ask_8};

static void use(void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
	free(p);
}

static void ask_pair(unsigned long times)
{
	while (times--)
		use(malloc(64));
}

static void ask_random(unsigned long times)
{
	static __thread void *live[LIVE];
	uint32_t seed = 1;

	while (times--) {
		uint32_t at;

		seed = seed * 1664525u + 1013904223u;
		at = (uint32_t)((uint64_t)seed * LIVE >> 32);
		free(live[at]);
		live[at] = malloc(seed % 1024 + 1);
	}
}

static void ask_libraries(unsigned long times)
{
	while (times--)
		use(libraries[times % 8](64));
}

static void ask_strdup(unsigned long times)
{
	while (times--)
		use(strdup("hello, world"));
}

static const struct what {
	const char *name;
	void (*ask)(unsigned long times);
	unsigned long times;
} requests[] = {
	{"pair", ask_pair, 10000000},
	{"random", ask_random, 3000000},
	{"libraries", ask_libraries, 8000000},
	{"strdup", ask_strdup, 8000000},
};

static void *work(void *arg)
{
	const struct what *w = arg;

	w->ask(w->times);
	return NULL;
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t threads[THREADS_MAX];

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		double begun = cpu_ns();

		if (argc < 2 || strcmp(argv[1], requests[i].name) != 0 || count > THREADS_MAX)
			continue;
		for (int n = 0; n < count; n++)
			pthread_create(&threads[n], NULL, work, (void *)(uintptr_t)&requests[i]);
		for (int n = 0; n < count; n++)
			pthread_join(threads[n], NULL);
		printf("%.2f\n", (cpu_ns() - begun) / (double)requests[i].times / count);
		return 0;
	}
	return 2;
}
#endif
