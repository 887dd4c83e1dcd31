/*
 * A program that takes memory from malloc and says what malloc itself knows of it.
 *
 *	malloc SCENARIO		says what there is and waits; for each line on standard input it
 *				does what that asks for, and says it again
 *
 * Each answer is one line of JSON. All of its private memory is touched before, so that what malloc
 * counts is there.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum { KIB = 1024, MIB = 1024 * KIB, MANY = 20000, THREADS = 4 };

static void *kept[MANY];

static void *take(size_t size)
{
	char *p = malloc(size);

	if (!p)
		abort();
	memset(p, 0x5a, size);
	return p;
}

/* Chunks of all sizes, of which some are given back. */
static void mix(void **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		list[i] = take(1 + i * 37 % 5000);
	for (size_t i = 0; i < count; i += 3) {
		free(list[i]);
		list[i] = NULL;
	}
}

static void make_little(void)
{
	kept[0] = take(1);
}

static void make_main(void)
{
	mix(kept, MANY);
}

/* Small ones, which malloc marks as used until it needs room for a large one. */
static void make_fast(void)
{
	static void *list[MANY / 2];

	for (size_t i = 0; i < MANY / 2; i++)
		list[i] = take(1 + i % 120);
	for (size_t i = 0; i < MANY / 2; i++)
		free(list[i]);
}

/* Holes of whole pages, which nothing gives back by itself. */
static void make_fragments(void)
{
	enum { EACH = 16 };

	for (size_t i = 0; i < MANY; i++)
		kept[i] = take(4 * KIB);
	for (size_t i = 0; i < MANY; i++) {
		if (i % EACH != 0)
			free(kept[i]);
	}
}

/* Neighbours, of which the kernel makes one mapping, one that is aligned, and memory that is not
 * malloc's between them. */
static void make_mapped(void)
{
	void *other;

	for (size_t i = 0; i < 5; i++)
		kept[i] = take((i + 1) * MIB);
	other = mmap(NULL, 3 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(other, 0x11, 3 * MIB);
	for (size_t i = 5; i < 8; i++)
		kept[i] = take((i + 1) * MIB);
	if (posix_memalign(&kept[8], 64 * KIB, 2 * MIB) != 0)
		abort();
	memset(kept[8], 1, 2 * MIB);
	free(kept[6]);
}

static pthread_barrier_t barrier;

/* So much that an arena needs several heaps. */
static void *in_thread(void *ctx)
{
	size_t number = (size_t)ctx;
	void **list = calloc(MANY, sizeof(*list));

	mix(list, number == 0 ? MANY : MANY / 4);
	for (size_t i = 0; number == 0 && i < 10000; i++)
		take(9 * KIB);
	pthread_barrier_wait(&barrier);
	pause();
	return NULL;
}

static void make_threads(void)
{
	pthread_attr_t attr;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * KIB);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, &attr, in_thread, (void *)i) != 0)
			abort();
	}
	mix(kept, MANY / 2);
	pthread_barrier_wait(&barrier);
}

static void *fragment(void *ctx)
{
	make_fragments();
	pthread_barrier_wait(&barrier);
	pause();
	return ctx;
}

static void make_fragments_of_arenas(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, fragment, NULL) != 0)
		abort();
	pthread_barrier_wait(&barrier);
}

/* Somebody else takes memory from where malloc's grows. */
static void make_foreign(void)
{
	mix(kept, MANY / 2);
	memset(sbrk(MIB), 0x33, MIB);
	mix(kept, MANY / 2);
}

/* Memory made by hand that looks like malloc's at first sight: the head of a chunk that does not
 * end where the mapping or another chunk does, and that of an arena's heap without chunks. */
static void make_lookalikes(void)
{
	const uint64_t heap = 64 * MIB;
	char *alone = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *place = mmap(NULL, 2 * heap, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *words, at = ((uint64_t)place + heap - 1) / heap * heap;

	memset(sbrk(MIB), 0x33, MIB); /* before malloc does */
	memset(alone, 0x44, MIB);
	words = (uint64_t *)(void *)alone;
	words[0] = 0;
	words[1] = 0x21002;
	words = mmap((void *)at, MIB, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(words, 0x55, MIB);
	words[0] = at + 48;
	words[1] = 0;
	words[2] = words[3] = MIB;
}

/* Malloc's memory changes all the time, in both kinds of arenas. */
static void *keep_busy(void *ctx)
{
	enum { SOME = 500 };
	static __thread void *list[SOME];
	uint32_t random = (uint32_t)(uintptr_t)ctx + 1;

	for (;;) {
		void **p = &list[(random >> 8) % SOME];

		free(*p);
		random = random * 1664525 + 1013904223;
		*p = take(1 + (random >> 8) % (20 * KIB));
	}
	return NULL;
}

static void make_busy(void)
{
	pthread_t thread;

	mix(kept, MANY / 4);
	for (uintptr_t i = 0; i < 2; i++) {
		if (pthread_create(&thread, NULL, keep_busy, (void *)i) != 0)
			abort();
	}
}

/* Memory that was never written is no memory yet. */
static void make_untouched(void)
{
	kept[0] = malloc(64 * MIB);
	kept[1] = take(MIB);
}

static const struct scenario {
	const char *name;
	void (*make)(void);
	int touches; /* all that there is */
} scenarios[] = {
	{"little", make_little, 1},
	{"main", make_main, 1},
	{"fast", make_fast, 1},
	{"fragments", make_fragments, 1},
	{"fragments-of-arenas", make_fragments_of_arenas, 1},
	{"mapped", make_mapped, 1},
	{"threads", make_threads, 1},
	{"foreign", make_foreign, 1},
	{"lookalikes", make_lookalikes, 0},
	{"busy", make_busy, 0},
	{"untouched", make_untouched, 0},
};

/* Each page of private memory without a file, as it is. Takes none itself. */
static void touch_all(void)
{
	static char text[64 * KIB];
	size_t used = 0, size = (size_t)sysconf(_SC_PAGESIZE);
	int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	ssize_t got;
	char *line = text;

	do {
		got = read(maps, text + used, sizeof(text) - 1 - used);
		used += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	close(maps);
	for (; line < text + used; line = strchr(line, '\n') + 1) {
		unsigned long start, end, inode;
		char perms[5];

		if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, perms, &inode) != 4 ||
		    strcmp(perms, "rw-p") != 0 || inode != 0)
			continue;
		for (; start < end; start += size) {
			volatile char *page = (volatile char *)start;

			*page = *page;
		}
	}
}

static void say(int touches)
{
	struct mallinfo2 m;

	if (touches)
		touch_all();
	m = mallinfo2();
	printf("{\"used\":%zu,\"free\":%zu,\"fast\":%zu,\"mapped\":%zu,\"arena\":%zu}\n",
	       m.uordblks, m.fordblks, m.fsmblks, m.hblkhd, m.arena);
	fflush(stdout);
}

static void obey(const char *word, int *touches)
{
	if (strcmp(word, "trim\n") == 0) {
		malloc_trim(0);
		*touches = 0;
	}
}

int main(int argc, char **argv)
{
	static char in[BUFSIZ], out[BUFSIZ], line[64];

	setvbuf(stdin, in, _IOFBF, sizeof(in));
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	for (size_t i = 0; i < COUNT(scenarios) && argc == 2; i++) {
		int touches = scenarios[i].touches;

		if (strcmp(argv[1], scenarios[i].name) != 0)
			continue;
		scenarios[i].make();
		say(touches);
		while (fgets(line, sizeof(line), stdin)) {
			obey(line, &touches);
			say(touches);
		}
		return 0;
	}
	fprintf(stderr, "malloc: unknown scenario\n");
	return 2;
}
