#include "heaps/published.h"

#include "heaps/block.h"
#include "heaps/heap.h"
#include "heaps/jemalloc.h"
#include "heaps/owner.h"
#include "label/heaps.h"
#include "label/syscalls.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

static struct heaps_table *table;
static uint32_t busy;

/* Measuring takes a hundredth of the time at most. Time that was not used is saved, up to a limit,
 * so that what a program does at once after a pause can be measured often; and some is lent where
 * much has changed. In nanoseconds. */
enum { SHARE = 100, SAVED = 200000000, SAVED_AT_FIRST = 20000000, LENT = 200000000 };
static uint64_t paid_until;

enum { MIB_DEPTH = 6, MIB_ARENA = 2 };

/* Statistics of an arena. */
static struct figure {
	const char *name;
	size_t mib[MIB_DEPTH], count;
} small_used = {.name = "stats.arenas.0.small.allocated"},
  large_used = {.name = "stats.arenas.0.large.allocated"},
  cached = {.name = "stats.arenas.0.tcache_bytes"}, active = {.name = "stats.arenas.0.pactive"},
  dirty = {.name = "stats.arenas.0.pdirty"}, pages_now = {.name = "experimental.arenas.0.pactivep"};

static bool resolve(struct figure *f)
{
	f->count = MIB_DEPTH;
	return heaps_je_mallctlnametomib(f->name, f->mib, &f->count) == 0;
}

static size_t read_figure(const struct figure *f, unsigned arena)
{
	size_t mib[MIB_DEPTH], value = 0, size = sizeof(value);

	memcpy(mib, f->mib, sizeof(mib));
	mib[MIB_ARENA] = arena;
	return heaps_je_mallctlbymib(mib, f->count, &value, &size, NULL, 0) == 0 ? value : 0;
}

/* An address below all heaps, so that a reader of the mappings, from low to high addresses, meets
 * the table first. */
static void *somewhere_low(void)
{
	const uint64_t from = UINT64_C(1) << 40, room = UINT64_C(1) << 46, page = 4096;
	uint64_t random = 0;

	if (syscall(SYS_getrandom, &random, sizeof(random), GRND_NONBLOCK) < 0)
		return NULL;
	return (void *)(uintptr_t)(from + random % room / page * page);
}

static int open_memfd(void)
{
	struct rlimit limit;
	int fd;

	/* The kernel sends a signal when a file exceeds the limit, instead of only failing. */
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur < sizeof(struct heaps_table))
		return -1;
	fd = memfd_create(HEAPS_MEMFD, MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, sizeof(struct heaps_table)) < 0) {
		sys_close(fd);
		fd = -1;
	}
	return fd;
}

static struct heaps_table *make_table(void)
{
	const int access = PROT_READ | PROT_WRITE, sharing = MAP_PRIVATE | MAP_NORESERVE;
	void *low = somewhere_low(), *memory = MAP_FAILED;
	int fd = open_memfd();

	if (fd < 0)
		return NULL;
	if (low)
		memory = sys_mmap(low, sizeof(struct heaps_table), access,
				  sharing | MAP_FIXED_NOREPLACE, fd, 0);
	if (memory == MAP_FAILED)
		memory = sys_mmap(NULL, sizeof(struct heaps_table), access, sharing, fd, 0);
	sys_close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

static uint64_t now_ns(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void published_begin(void)
{
	if (!resolve(&small_used) || !resolve(&large_used) || !resolve(&cached) ||
	    !resolve(&active) || !resolve(&dirty))
		return;
	if (!resolve(&pages_now))
		pages_now.count = 0;
	table = make_table();
	if (!table)
		return;
	paid_until = now_ns() + SAVED - SAVED_AT_FIRST;
	table->head.size = sizeof(*table);
	__atomic_store_n(&table->head.magic, HEAPS_MAGIC, __ATOMIC_RELEASE);
}

/* Where jemalloc counts the pages in use; 0 if it does not say. */
static uint64_t counter_of(unsigned arena)
{
	size_t mib[MIB_DEPTH], *counter = NULL, size = sizeof(counter);

	if (!pages_now.count)
		return 0;
	memcpy(mib, pages_now.mib, sizeof(mib));
	mib[MIB_ARENA] = arena;
	heaps_je_mallctlbymib(mib, pages_now.count, &counter, &size, NULL, 0);
	return (uintptr_t)counter;
}

/* Measures a heap: what it has handed out, and what else it has in memory. */
static struct published_sum measure_heap(unsigned heap)
{
	static const size_t page = HEAPS_PAGE; /* of jemalloc */
	unsigned arena = heap_arena[heap];
	size_t out = read_figure(&small_used, arena) + read_figure(&large_used, arena);
	size_t idle = read_figure(&cached, arena);
	size_t held = (read_figure(&active, arena) + read_figure(&dirty, arena)) * page;
	size_t used = out > idle ? out - idle : 0;

	return (struct published_sum){used + block_sum(heap), held > used ? held - used : 0};
}

static void begin_change(void)
{
	__atomic_store_n(&table->head.changes, table->head.changes | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end_change(unsigned count)
{
	table->head.count = count;
	table->head.refreshed = now_ns();
	__atomic_store_n(&table->head.changes, table->head.changes + 1, __ATOMIC_RELEASE);
}

static void measure(struct published_sum *sum)
{
	unsigned end = heap_end();
	uint64_t epoch = 1;
	size_t size = sizeof(epoch);

	heaps_je_mallctl("epoch", &epoch, &size, &epoch, sizeof(epoch));
	if (table)
		begin_change();
	for (unsigned heap = OWNER_FIRST; heap < end; heap++) {
		struct published_sum one = measure_heap(heap);

		sum->used += one.used;
		sum->free += one.free;
		if (table) {
			struct heaps_entry *e = &table->entries[heap - OWNER_FIRST];

			memcpy(e->name, heap_name(heap), sizeof(e->name));
			e->used = one.used;
			e->pages = read_figure(&active, heap_arena[heap]);
			e->pages_now = counter_of(heap_arena[heap]);
		}
	}
	if (table)
		end_change(end - OWNER_FIRST);
}

struct published_sum published_measure(void)
{
	struct published_sum sum = {0, 0};

	if (!small_used.count)
		return sum; /* nothing is known */
	if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
		return sum; /* another thread is measuring */
	measure(&sum);
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	return sum;
}

static bool is_affordable(uint64_t now, bool urgent)
{
	return __atomic_load_n(&paid_until, __ATOMIC_RELAXED) <= now + SAVED + (urgent ? LENT : 0);
}

/* Not for the time in which something else ran. */
static void pay(uint64_t begun, uint64_t now)
{
	static uint64_t cheapest; /* of one heap */
	/* What does not depend on their number counts as one. */
	uint64_t heaps = heap_end() - OWNER_FIRST + 1, from, most;

	if (cheapest == 0 || (now - begun) / heaps < cheapest)
		cheapest = (now - begun) / heaps;
	most = 4 * cheapest * heaps;
	from = __atomic_load_n(&paid_until, __ATOMIC_RELAXED);
	from = from > begun ? from : begun;
	from += SHARE * (now - begun < most ? now - begun : most);
	__atomic_store_n(&paid_until, from, __ATOMIC_RELAXED);
}

size_t published_refresh(size_t changed)
{
	enum { LEAST = 256 << 10, PART = 32, MUCH = 4 };
	static size_t known, unknown; /* used; changed since */
	uint64_t begun = now_ns();
	size_t used = __atomic_load_n(&known, __ATOMIC_RELAXED), sum;

	sum = __atomic_add_fetch(&unknown, changed, __ATOMIC_RELAXED);
	if (table && is_affordable(begun, sum > used / MUCH) &&
	    !__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) {
		struct published_sum found = {0, 0};

		__atomic_store_n(&unknown, 0, __ATOMIC_RELAXED);
		measure(&found);
		pay(begun, now_ns());
		used = found.used;
		__atomic_store_n(&known, used, __ATOMIC_RELAXED);
		__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	}
	return used / PART > LEAST ? used / PART : LEAST;
}

void published_after_fork(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}
