#include "heaps/heap.h"

#include "heaps/chunk.h"
#include "heaps/jemalloc.h"
#include "heaps/owner.h"
#include "preload/sandboxed.h"

#include "anonmem/anonmem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* Settings for jemalloc, in place of those that the user may have made for another one. Large
 * memory is requested by heap, so no size may be too large for a heap. */
extern const char *heaps_je_malloc_conf;
const char *heaps_je_malloc_conf =
	"narenas:1,dss:disabled,slab_sizes:16-16:2|32-128:4"; /* fewer descriptors than pages */

uint16_t heap_arena[HEAP_MAX];

static char names[HEAP_MAX][ANONMEM_NAME_MAX + 1];
static unsigned end = OWNER_FIRST;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static const char shared[] = "malloc: (any)";

unsigned heap_end(void)
{
	return __atomic_load_n(&end, __ATOMIC_ACQUIRE);
}

const char *heap_name(unsigned heap)
{
	return names[heap];
}

/* jemalloc's hooks. All that they know of an arena is its number. */

static uint16_t heap_of_arena[HEAP_MAX + OWNER_FIRST];

static void *alloc(extent_hooks_t *hooks, void *wanted, size_t size, size_t alignment, bool *zero,
		   bool *commit, unsigned arena)
{
	unsigned heap = heap_of_arena[arena];
	void *memory = wanted;

	(void)hooks;
	if (!wanted)
		memory = chunk_map(size, alignment, heap, names[heap]);
	else if (!chunk_extend(wanted, size, heap, names[heap]))
		memory = NULL;
	if (memory) {
		*zero = true;
		*commit = true;
	}
	return memory;
}

static bool purge(extent_hooks_t *hooks, void *at, size_t size, size_t offset, size_t len,
		  unsigned arena)
{
	int before = errno;
	bool failed;

	(void)hooks;
	(void)size;
	(void)arena;
	/* A sandbox may punish this call, which malloc() of the C library seldom makes. */
	if (sandboxed)
		return true;
	failed = madvise((char *)at + offset, len, MADV_DONTNEED) != 0;
	errno = before;
	return failed;
}

static bool split(extent_hooks_t *hooks, void *at, size_t size, size_t a, size_t b, bool committed,
		  unsigned arena)
{
	(void)hooks;
	(void)at;
	(void)size;
	(void)a;
	(void)b;
	(void)committed;
	(void)arena;
	return false;
}

static bool merge(extent_hooks_t *hooks, void *a, size_t a_size, void *b, size_t b_size,
		  bool committed, unsigned arena)
{
	(void)hooks;
	(void)a;
	(void)a_size;
	(void)b;
	(void)b_size;
	(void)committed;
	(void)arena;
	return false;
}

/* There is no dalloc: free extents stay in their heap, without pages. */
static extent_hooks_t hooks = {
	.alloc = alloc,
	.purge_forced = purge,
	.split = split,
	.merge = merge,
};

/* 0 if there can be no more: the first arena is jemalloc's own. */
static unsigned create_arena(void)
{
	/* jemalloc's own struct arena_config_s, which its header lacks. */
	struct {
		extent_hooks_t *hooks;
		bool metadata_use_hooks;
	} config = {&hooks, false};
	size_t size = sizeof(unsigned), growth = 2 * OWNER_CHUNK;
	unsigned arena = 0;
	char key[64];

	if (heaps_je_mallctl("experimental.arenas_create_ext", &arena, &size, &config,
			     sizeof(config)) != 0 ||
	    arena >= sizeof(heap_of_arena) / sizeof(*heap_of_arena))
		return 0;
	snprintf(key, sizeof(key), "arena.%u.retain_grow_limit", arena);
	heaps_je_mallctl(key, NULL, NULL, &growth, sizeof(growth));
	return arena;
}

/* Made before malloc() comes here, for the first heap: so there is one in any case. */
static unsigned spare;

static unsigned find_known(const char *name)
{
	unsigned count = heap_end();

	for (unsigned heap = OWNER_FIRST; heap < count; heap++) {
		if (strcmp(names[heap], name) == 0)
			return heap;
	}
	return OWNER_NONE;
}

/* The last number is that of a heap for all that have none. */
static unsigned make(const char *name)
{
	unsigned heap = find_known(name), arena;

	if (heap != OWNER_NONE)
		return heap;
	if (end == HEAP_MAX)
		return HEAP_MAX - 1;
	heap = end;
	if (heap == HEAP_MAX - 1)
		name = shared;
	arena = spare ? spare : create_arena();
	spare = 0;
	if (arena == 0)
		return OWNER_FIRST;
	strncpy(names[heap], name, ANONMEM_NAME_MAX);
	heap_of_arena[arena] = (uint16_t)heap;
	heap_arena[heap] = (uint16_t)arena;
	__atomic_store_n(&end, heap + 1, __ATOMIC_RELEASE);
	return heap;
}

static unsigned make_locked(const char *name)
{
	unsigned heap;

	pthread_mutex_lock(&making);
	heap = make(name);
	pthread_mutex_unlock(&making);
	return heap;
}

/* Without a system call. A signal handler that interrupts this gets the first heap. */
static unsigned make_in_sandbox(const char *name)
{
	static __thread bool is_making __attribute__((tls_model("initial-exec")));
	unsigned heap;

	if (is_making)
		return OWNER_FIRST;
	is_making = true;
	heap = make_locked(name);
	is_making = false;
	return heap;
}

unsigned heap_find(const char *name)
{
	unsigned heap = find_known(name);
	sigset_t all, before;

	if (heap != OWNER_NONE)
		return heap;
	if (sandboxed)
		return make_in_sandbox(name);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	heap = make_locked(name);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return heap;
}

static void before_fork(void)
{
	pthread_mutex_lock(&making);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&making);
}

static void after_fork_in_child(void)
{
	static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

	making = fresh;
}

bool heap_begin(void)
{
	spare = create_arena();
	/* The allocator has registered its own fork handlers by then, so its locks are taken after
	 * this one. */
	return spare && pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0;
}
