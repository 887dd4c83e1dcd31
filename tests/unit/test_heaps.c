/*
 * heaps, in threads, with the functions that take the place of the C library's called as they are:
 * so sanitizers, which have their own malloc(), see what they do. The callers are made up.
 */
#include "support.h"

#include "heaps/asker.h"
#include "heaps/heap.h"
#include "heaps/malloc.h"
#include "heaps/owner.h"
#include "heaps/published.h"
#include "heaps/thread.h"
#include "preload/caller.h"
#include "preload/hook.h"
#include "preload/sandboxed.h"

#include <malloc.h>
#include <pthread.h>

enum { THREADS = 4, BLOCKS = 300, ROUNDS = 20000, LIBRARIES = 16, LARGE = 33 << 20 };

bool sandboxed;

/* Instead of the C library's. */
static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	void *(*memalign)(size_t, size_t);
	size_t (*malloc_usable_size)(void *);
	int (*malloc_trim)(size_t);
	struct mallinfo2 (*mallinfo2)(void);
} our;

static void take(const struct hook *hook, const char *name, void *place)
{
	if (strcmp(hook->function, name) == 0)
		memcpy(place, &hook->to, sizeof(hook->to));
}

bool hook_install_all(const struct hook *hooks, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		take(&hooks[i], "malloc", &our.malloc);
		take(&hooks[i], "calloc", &our.calloc);
		take(&hooks[i], "realloc", &our.realloc);
		take(&hooks[i], "free", &our.free);
		take(&hooks[i], "memalign", &our.memalign);
		take(&hooks[i], "malloc_usable_size", &our.malloc_usable_size);
		take(&hooks[i], "malloc_trim", &our.malloc_trim);
		take(&hooks[i], "mallinfo2", &our.mallinfo2);
	}
	return true;
}

/* Each place that asks is a library of its own. */
bool caller_name(uintptr_t address, bool function, char name[ANONMEM_NAME_MAX + 1])
{
	(void)function;
	snprintf(name, ANONMEM_NAME_MAX + 1, "lib%lu.so", (unsigned long)(address % LIBRARIES));
	return true;
}

bool caller_offset(uintptr_t address, uint64_t *offset)
{
	*offset = address;
	return true;
}

struct block {
	unsigned char *at;
	size_t size;
};

static unsigned random_below(unsigned *seed, unsigned limit)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (unsigned)((uint64_t)*seed * limit >> 32);
}

static void *ask(unsigned how, size_t size)
{
	switch (how) {
	case 0:
		return our.malloc(size);
	case 1:
		return our.calloc(1, size);
	case 2:
		return our.memalign(256, size);
	case 3:
		return our.malloc(size);
	default:
		return our.realloc(NULL, size);
	}
}

static unsigned renew(struct block *b, unsigned how, size_t size)
{
	unsigned wrong =
		b->at && (b->at[0] != (unsigned char)b->size || owner_of(b->at) < OWNER_FIRST);

	if (how >= 5) {
		b->at = our.realloc(b->at, size);
	} else {
		our.free(b->at);
		b->at = ask(how, size);
	}
	if (!b->at)
		return 1000;
	wrong += our.malloc_usable_size(b->at) < size;
	b->size = size;
	b->at[0] = (unsigned char)size;
	b->at[size - 1] = (unsigned char)size;
	return wrong;
}

static void *work(void *number)
{
	struct block blocks[BLOCKS] = {{NULL, 0}};
	unsigned seed = (unsigned)(uintptr_t)number, wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct block *b = &blocks[random_below(&seed, BLOCKS)];
		size_t size = 1 + random_below(&seed, random_below(&seed, 20) ? 800 : 200000);

		wrong += renew(b, random_below(&seed, 7), size);
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		our.free(blocks[i].at);
	return (void *)(uintptr_t)wrong;
}

static void threads(void **state)
{
	pthread_t workers[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&workers[i], NULL, work, (void *)i), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(workers[i], &wrong);
		assert_null(wrong);
	}
	assert_true(heap_end() > OWNER_FIRST + 2);
}

static size_t used(void)
{
	return our.mallinfo2().uordblks;
}

static void figures(void **state)
{
	const size_t before = used();
	struct block large = {NULL, 0};
	void *pieces[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		pieces[i] = our.malloc(100 << 10);
	assert_in_range(used() - before, 100 * (100 << 10), 100 * (130 << 10));
	for (unsigned i = 0; i < 100; i++)
		our.free(pieces[i]);
	assert_in_range(used(), 0, before + (1 << 20));
	assert_int_equal(renew(&large, 0, LARGE), 0);
	assert_in_range(used() - before, LARGE, LARGE + (1 << 20));
	assert_int_equal(renew(&large, 5, LARGE + (5 << 20)), 0);
	assert_int_equal(renew(&large, 5, 1000), 0);
	our.free(large.at);
	assert_in_range(used(), 0, before + (1 << 20));
	assert_int_equal(our.malloc_trim(0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures),
		cmocka_unit_test(threads),
		cmocka_unit_test(figures),
	};

	asker_begin(true, false, NULL);
	if (!heap_begin() || !thread_begin())
		return 1;
	published_begin();
	malloc_replace();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
