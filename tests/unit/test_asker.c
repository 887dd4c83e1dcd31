/*
 * caller, asker, function, owner: what threads find out at the same time. Stacks are made up; the
 * code that they lead through is the C library's and cmocka's. Heaps are numbers here.
 */
#include "support.h"

#include "heaps/asker.h"
#include "heaps/function.h"
#include "heaps/heap.h"
#include "heaps/owner.h"
#include "preload/caller.h"
#include "preload/sandboxed.h"

#include <dlfcn.h>
#include <pthread.h>

enum { THREADS = 4, ADDRESSES = 3000, HEAPS = 256 };

bool sandboxed;

static char names[HEAPS][ANONMEM_NAME_MAX + 1];
static unsigned end = OWNER_FIRST;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

unsigned heap_find(const char *name)
{
	unsigned heap;

	pthread_mutex_lock(&making);
	for (heap = OWNER_FIRST; heap < end && strcmp(names[heap], name) != 0; heap++)
		;
	if (heap == end && end < HEAPS)
		snprintf(names[end++], sizeof(names[0]), "%s", name);
	pthread_mutex_unlock(&making);
	return heap;
}

unsigned heap_end(void)
{
	unsigned count;

	pthread_mutex_lock(&making);
	count = end;
	pthread_mutex_unlock(&making);
	return count;
}

static uintptr_t address_in(const char *library, const char *function)
{
	void *handle = dlopen(library, RTLD_NOLOAD | RTLD_LAZY), *found;

	assert_non_null(handle);
	found = dlsym(handle, function);
	assert_non_null(found);
	dlclose(handle);
	return (uintptr_t)found;
}

/* Addresses within the code of cmocka, and one where a function of the C library begins, so that
 * the next one up the stack is the word behind it. */
static uintptr_t in_cmocka, passing;

static unsigned ask(uintptr_t address, bool passed_on, size_t size)
{
	const uintptr_t direct[] = {0, address, 0, 0}, passed[] = {0, passing, address, 0};

	return asker_heap(passed_on ? passed : direct, size);
}

static void begin(bool direct, bool functions, const char *through)
{
	asker_forget();
	asker_begin(direct, functions, through);
}

/* Runs it in all threads, and gives the sum of what it returns. */
static unsigned in_threads(void *(*run)(void *))
{
	pthread_t threads[THREADS];
	unsigned sum = 0;

	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run, (void *)i), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		sum += (unsigned)(uintptr_t)result;
	}
	return sum;
}

static void by_library(void **state)
{
	(void)state;
	begin(false, false, NULL);
	assert_string_equal(names[ask(in_cmocka, false, 1)], "malloc: libcmocka.so.0");
	assert_string_equal(names[ask(in_cmocka + 5, true, 1)], "malloc: libcmocka.so.0");
	/* From the cache. */
	assert_string_equal(names[ask(in_cmocka, false, 1)], "malloc: libcmocka.so.0");
	assert_string_equal(names[ask(1, false, 1)], "malloc: (no library)");
	/* The stack ends there: memory is of who passed the call on. */
	assert_string_equal(names[ask(0, true, 1)], "malloc: libc.so.6");
	begin(true, false, NULL);
	assert_string_equal(names[ask(in_cmocka, true, 1)], "malloc: libc.so.6");
	begin(false, false, "nonesuch:lib?mock*");
	assert_string_equal(names[ask(in_cmocka, false, 1)], "malloc: libcmocka.so.0");
}

/* All at the same functions, which none has looked up before. */
static pthread_barrier_t start;

static void *name_functions(void *unused)
{
	unsigned wrong = 0;

	(void)unused;
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < ADDRESSES / 10; i++) {
		char name[ANONMEM_NAME_MAX + 1];

		wrong += !caller_name(in_cmocka + i, true, name);
		wrong += i < 20 && strcmp(name, "libcmocka.so.0:_assert_true") != 0;
	}
	return (void *)(uintptr_t)wrong;
}

static void names_of_functions(void **state)
{
	(void)state;
	pthread_barrier_init(&start, NULL, THREADS);
	assert_int_equal(in_threads(name_functions), 0);
	pthread_barrier_destroy(&start);
}

static void *ask_for_many(void *number)
{
	unsigned wrong = 0, wanted = heap_find("malloc: libcmocka.so.0");

	for (unsigned i = 0; i < ADDRESSES; i++)
		wrong += ask(in_cmocka + i, (i + (uintptr_t)number) % 2, 1) != wanted;
	return (void *)(uintptr_t)wrong;
}

static void threads_agree(void **state)
{
	(void)state;
	begin(false, false, NULL);
	assert_int_equal(in_threads(ask_for_many), 0);
}

static void *ask_for_much(void *unused)
{
	unsigned wrong = 0;

	(void)unused;
	for (unsigned i = 0; i < ADDRESSES; i++) {
		unsigned heap = ask(in_cmocka + i, false, 100 << 10);

		wrong += strncmp(names[heap], "malloc: libcmocka.so.0", 22) != 0;
	}
	return (void *)(uintptr_t)wrong;
}

static void functions(void **state)
{
	unsigned before = heap_end();

	(void)state;
	begin(false, true, NULL);
	assert_int_equal(in_threads(ask_for_much), 0);
	assert_true(heap_end() > before + 3);
	assert_true(heap_end() <= before + 64);
	for (unsigned heap = before; heap < heap_end(); heap++)
		assert_non_null(strchr(names[heap] + strlen("malloc: "), ':'));
}

/* Each thread has addresses of its own, in leaves that all need at the same time. */
static void *own(void *number)
{
	const unsigned mine = OWNER_FIRST + (unsigned)(uintptr_t)number;
	unsigned wrong = 0;

	for (uintptr_t i = 0; i < 64; i++) {
		char *at = (char *)(((i * OWNER_LEAF * 2) + (uintptr_t)number) * OWNER_CHUNK);

		wrong += !owner_set(at, OWNER_CHUNK, mine);
		wrong += owner_of(at + i) != mine;
	}
	return (void *)(uintptr_t)wrong;
}

static void owners(void **state)
{
	(void)state;
	assert_int_equal(in_threads(own), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_functions),
		cmocka_unit_test(by_library),
		cmocka_unit_test(threads_agree),
		cmocka_unit_test(functions),
		cmocka_unit_test(owners),
	};

	caller_prepare();
	in_cmocka = address_in("libcmocka.so.0", "_assert_true") + 1;
	passing = address_in("libc.so.6", "strdup") + 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
