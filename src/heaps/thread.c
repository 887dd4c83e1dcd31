#include "heaps/thread.h"

#include "heaps/heap.h"
#include "heaps/jemalloc.h"
#include "heaps/owner.h"

#include <pthread.h>

__thread struct thread thread = {.elected = NOBODY, .left = THREAD_ROUND};

static pthread_key_t key;

enum { KEY_DEPTH = 4 };
struct mib {
	size_t parts[KEY_DEPTH], count;
};
static struct mib thread_arena, flush, create, destroy, given, freed;

/* Of all threads together: each takes memory, and jemalloc has some 4,000. */
enum { CACHES_MAX = 1024 };
static unsigned caches;

static bool resolve(const char *name, struct mib *mib)
{
	mib->count = KEY_DEPTH;
	return heaps_je_mallctlnametomib(name, mib->parts, &mib->count) == 0;
}

static void drop_cache(struct thread_slot *slot)
{
	unsigned cache = slot->cache;

	if (cache == 0)
		return;
	slot->cache = 0;
	slot->flags = 0;
	cache--;
	heaps_je_mallctlbymib(destroy.parts, destroy.count, NULL, NULL, &cache, sizeof(cache));
	__atomic_sub_fetch(&caches, 1, __ATOMIC_RELAXED);
}

/* Other destructors of the thread may run later, and allocate. */
static void end(void *unused)
{
	(void)unused;
	thread.ended = true;
	thread.elected = NOBODY;
	for (unsigned i = 0; i < THREAD_SLOTS; i++)
		drop_cache(&thread.slots[i]);
}

bool thread_begin(void)
{
	return resolve("thread.arena", &thread_arena) && resolve("thread.tcache.flush", &flush) &&
	       resolve("tcache.create", &create) && resolve("tcache.destroy", &destroy) &&
	       resolve("thread.allocatedp", &given) && resolve("thread.deallocatedp", &freed) &&
	       pthread_key_create(&key, end) == 0;
}

static void start_round(void)
{
	thread.left = THREAD_ROUND;
	for (unsigned i = 0; i < THREAD_SLOTS; i++)
		thread.slots[i].calls = 0;
}

static const uint64_t *find_counter(const struct mib *mib)
{
	uint64_t *counter = NULL;
	size_t size = sizeof(counter);

	heaps_je_mallctlbymib(mib->parts, mib->count, &counter, &size, NULL, 0);
	return counter;
}

void thread_expect(size_t bytes)
{
	if (!thread.given)
		return;
	thread.step = bytes;
	thread.given_due = *thread.given + bytes;
	thread.freed_due = *thread.freed + bytes;
}

size_t thread_changed(void)
{
	if (!thread.given)
		return 0;
	return *thread.given + thread.step - thread.given_due + *thread.freed + thread.step -
	       thread.freed_due;
}

static bool has_counters(void)
{
	if (!thread.given) {
		thread.freed = find_counter(&freed);
		thread.given = thread.freed ? find_counter(&given) : NULL;
		thread_expect(THREAD_FIRST);
	}
	return thread.given != NULL;
}

static void elect(unsigned heap)
{
	unsigned arena = heap_arena[heap];
	bool first = !thread.known;

	/* Until another heap is elected, the cache belongs to none. */
	thread.elected = NOBODY;
	if (!thread.known) {
		thread.known = true;
		if (pthread_setspecific(key, &thread) != 0) {
			thread.ended = true;
			return;
		}
	}
	heaps_je_mallctlbymib(flush.parts, flush.count, NULL, NULL, NULL, 0);
	if (heaps_je_mallctlbymib(thread_arena.parts, thread_arena.count, NULL, NULL, &arena,
				  sizeof(arena)) == 0)
		thread.elected = (uint16_t)heap;
	start_round();
	/* Figures of a program that calls seldom are wanted, too. */
	if (first)
		thread.left = THREAD_SOON;
}

void thread_look(void)
{
	start_round();
}

static void make_cache(struct thread_slot *slot)
{
	size_t size = sizeof(unsigned);
	unsigned cache = 0;

	if (__atomic_add_fetch(&caches, 1, __ATOMIC_RELAXED) <= CACHES_MAX &&
	    heaps_je_mallctlbymib(create.parts, create.count, &cache, &size, NULL, 0) == 0) {
		if (cache < UINT16_MAX) {
			slot->cache = (uint16_t)(cache + 1);
			return;
		}
		heaps_je_mallctlbymib(destroy.parts, destroy.count, NULL, NULL, &cache,
				      sizeof(cache));
	}
	__atomic_sub_fetch(&caches, 1, __ATOMIC_RELAXED);
}

enum { USED_MUCH = 64, LOOK = THREAD_ROUND / 4 };

/* The slot of a heap, whose calls are counted until the next look; NULL if another heap has the
 * slot. */
static struct thread_slot *look_at_slot(unsigned heap)
{
	struct thread_slot *slot = &thread.slots[heap % THREAD_SLOTS];

	if (slot->heap != heap) {
		if (slot->cache)
			return NULL;
		*slot = (struct thread_slot){.heap = (uint16_t)heap, .left = USED_MUCH};
	}
	if (!slot->flags)
		slot->left--;
	if (slot->left > 0)
		return slot;
	if (slot->cache)
		slot->calls += LOOK;
	else
		make_cache(slot);
	slot->left = LOOK;
	if (slot->cache)
		slot->flags =
			(int)(MALLOCX_ARENA(heap_arena[heap]) | MALLOCX_TCACHE(slot->cache - 1));
	return slot;
}

/* Whether other heaps get many more requests than the elected one. */
static bool is_outdone(const struct thread_slot *slot)
{
	uint32_t elected = (uint32_t)(THREAD_ROUND - thread.left);

	return slot->calls >= LOOK && slot->calls > 2 * elected;
}

int thread_choose_flags(unsigned heap, size_t size)
{
	struct thread_slot *slot;

	if (thread.elected == heap && size < THREAD_LARGE)
		return 0;
	if (heap == OWNER_ALLOCATOR)
		return MALLOCX_TCACHE_NONE;
	if (!has_counters() || thread.ended || size >= THREAD_LARGE)
		return (int)(MALLOCX_ARENA(heap_arena[heap]) | MALLOCX_TCACHE_NONE);
	slot = look_at_slot(heap);
	if (!thread.known || (slot && is_outdone(slot))) {
		elect(heap);
		if (thread.elected == heap)
			return 0;
	}
	if (slot && slot->flags)
		return slot->flags;
	return (int)(MALLOCX_ARENA(heap_arena[heap]) | MALLOCX_TCACHE_NONE);
}
