/* All of malloc() in several threads, with children meanwhile, signals, threads by the thousand,
 * and what programs ask an allocator for. Ends with 0 if everything was as it should be. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 1000, WORKERS = 3, CHILDREN = 20, THREADS = 1000, MIB = 1 << 20 };

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct block {
	unsigned char *at;
	size_t size;
};

static unsigned random_below(unsigned *seed, unsigned limit)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (unsigned)((uint64_t)*seed * limit >> 32);
}

static void check(const struct block *b, unsigned char value)
{
	size_t step = b->size / 64 + 1;

	for (size_t i = 0; i < b->size; i += step)
		MUST(b->at[i] == value);
}

static void zeroed(const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		MUST(p[i] == 0);
}

static void renew(struct block *b, unsigned how, size_t size)
{
	unsigned char *before = b->at;
	size_t least = b->size < size ? b->size : size;
	void *aligned = NULL;

	if (how < 3) {
		b->at = realloc(before, size + 1);
		MUST(b->at && (!before || least == 0 || b->at[least - 1] == b->at[0]));
	} else {
		free(before);
		if (how < 6) {
			b->at = malloc(size);
		} else if (how < 8) {
			b->at = calloc(1, size);
			zeroed(b->at, size);
		} else if (how == 8) {
			MUST(posix_memalign(&aligned, 4096, size) == 0);
			b->at = aligned;
			MUST((uintptr_t)b->at % 4096 == 0);
		} else {
			b->at = aligned_alloc(64, size);
			MUST((uintptr_t)b->at % 64 == 0);
		}
	}
	MUST(b->at && (uintptr_t)b->at % 16 == 0 && malloc_usable_size(b->at) >= size);
	b->size = size;
}

static void *work(void *number)
{
	struct block *blocks = calloc(BLOCKS, sizeof(*blocks));
	unsigned seed = (unsigned)(uintptr_t)number;

	for (int i = 0; i < 30000; i++) {
		unsigned k = random_below(&seed, BLOCKS);
		size_t size = random_below(&seed, random_below(&seed, 50) ? 800 : 200000);

		check(&blocks[k], (unsigned char)k);
		renew(&blocks[k], random_below(&seed, 10), size);
		memset(blocks[k].at, (int)k, size);
		if (i % 1000 == 0)
			raise(SIGUSR1);
	}
	for (int k = 0; k < BLOCKS; k++)
		free(blocks[k].at);
	free(blocks);
	return NULL;
}

static void *have_children(void *unused)
{
	(void)unused;
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			char *large = malloc(3 * MIB), *copy = strdup("child");

			memset(large, 1, 3 * MIB);
			free(large);
			free(copy);
			_exit(7);
		}
		MUST(waitpid(child, &status, 0) == child);
		MUST(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	}
	return NULL;
}

static void allocate_in_handler(int number)
{
	(void)number;
	free(malloc(100));
}

static pthread_key_t last;

/* Memory that a thread allocates when others of its destructors have run. */
static void allocate_at_the_end(void *old)
{
	static _Thread_local int rounds;

	free(old);
	if (rounds++ < 3)
		pthread_setspecific(last, strdup("at the end"));
}

static void *live_shortly(void *unused)
{
	void *pieces[20];

	(void)unused;
	pthread_setspecific(last, strdup("thread"));
	for (int i = 0; i < 20; i++)
		pieces[i] = malloc((size_t)i * 10);
	for (int i = 0; i < 20; i++)
		free(pieces[i]);
	return malloc(10);
}

static void start_many(void)
{
	static pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		MUST(pthread_create(&threads[i], NULL, live_shortly, NULL) == 0);
	for (int i = 0; i < THREADS; i++) {
		void *piece;

		MUST(pthread_join(threads[i], &piece) == 0 && piece);
		free(piece);
	}
}

/* With as little stack as a thread may have. */
static void *live_narrowly(void *unused)
{
	void *p = malloc(1000), *copy = strdup("narrow");

	(void)unused;
	p = realloc(p, 3 * MIB);
	free(copy);
	free(calloc(3, 40 * MIB));
	return p;
}

static void start_narrow(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *p;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
	MUST(pthread_create(&thread, &attributes, live_narrowly, NULL) == 0);
	MUST(pthread_join(thread, &p) == 0 && p);
	free(p);
	pthread_attr_destroy(&attributes);
}

/* Sizes that the compiler must not know. */
static volatile size_t largest = PTRDIFF_MAX, none = 0;

static void ask_for_oddities(void)
{
	void *p = malloc(none), *before = p;

	MUST(p);
	free(p);
	free(NULL);
	errno = 0;
	MUST(!malloc(largest) && errno == ENOMEM);
	errno = 0;
	MUST(!calloc(largest, 4) && errno == ENOMEM);
	errno = 0;
	MUST(!reallocarray(NULL, largest, 4) && errno == ENOMEM);
	MUST(posix_memalign(&before, 3, 10) == EINVAL && before == p);
	p = malloc(100);
	errno = 0;
	MUST(!realloc(p, largest) && errno == ENOMEM);
	errno = 5;
	MUST(!realloc(p, none) && errno == 5);
	p = valloc(10);
	MUST((uintptr_t)p % (uintptr_t)sysconf(_SC_PAGESIZE) == 0);
	free(p);
	p = memalign(2 * MIB, 100);
	MUST((uintptr_t)p % (2 * MIB) == 0);
	free(p);
	p = memalign(2 * MIB, 40 * MIB);
	MUST(p && (uintptr_t)p % (2 * MIB) == 0);
	p = realloc(p, 50 * MIB);
	MUST(p);
	free(p);
	MUST(malloc_usable_size(NULL) == 0);
}

static void grow(void)
{
	unsigned char *p = NULL;

	for (size_t size = MIB; size < 80 * MIB; size += 3 * MIB) {
		p = realloc(p, size);
		MUST(p && (size == MIB || p[0] == 9));
		p[0] = 9;
		p[size - 1] = 9;
	}
	p = realloc(p, 1000);
	MUST(p[0] == 9);
	free(p);
	p = calloc(1, 70 * MIB);
	zeroed(p, MIB);
	MUST(malloc_usable_size(p) >= 70 * MIB);
	free(p);
}

static void ask_the_allocator(void)
{
	void *volatile p = malloc(10 * MIB);
	struct mallinfo2 info = mallinfo2();
	FILE *out = fopen("/dev/null", "w");

	MUST(info.uordblks + info.hblkhd >= 10 * MIB);
	free(p);
	MUST(mallopt(M_MMAP_THRESHOLD, MIB) == 1);
	malloc_trim(0);
	MUST(malloc_info(0, out) == 0);
	fclose(out);
}

int main(void)
{
	pthread_t threads[WORKERS + 1];

	signal(SIGUSR1, allocate_in_handler);
	pthread_key_create(&last, allocate_at_the_end);
	for (uintptr_t i = 0; i < WORKERS; i++)
		MUST(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	MUST(pthread_create(&threads[WORKERS], NULL, have_children, NULL) == 0);
	for (int i = 0; i <= WORKERS; i++)
		MUST(pthread_join(threads[i], NULL) == 0);
	start_narrow();
	start_many();
	ask_for_oddities();
	grow();
	ask_the_allocator();
	return 0;
}
