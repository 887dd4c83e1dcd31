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
#include <sys/resource.h>
#include <time.h>

static struct heaps *table;
static uint32_t busy;

enum { MIB_DEPTH = 6, MIB_ARENA = 2 };

/* Statistics of an arena. */
static struct figure {
	const char *name;
	size_t mib[MIB_DEPTH], count;
} small_used = {.name = "stats.arenas.0.small.allocated"},
  large_used = {.name = "stats.arenas.0.large.allocated"},
  cached = {.name = "stats.arenas.0.tcache_bytes"}, active = {.name = "stats.arenas.0.pactive"},
  dirty = {.name = "stats.arenas.0.pdirty"};

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

static struct heaps *make_table(void)
{
	struct rlimit limit;
	void *memory;
	int fd;

	/* A file beyond the limit is not just refused, but answered with a signal. */
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur < sizeof(struct heaps))
		return NULL;
	fd = memfd_create(HEAPS_MEMFD, MFD_CLOEXEC);
	if (fd < 0)
		return NULL;
	memory = MAP_FAILED;
	if (ftruncate(fd, sizeof(struct heaps)) == 0)
		memory = sys_mmap(NULL, sizeof(struct heaps), PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_NORESERVE, fd, 0);
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
	table = make_table();
	if (!table)
		return;
	table->head.size = sizeof(*table);
	__atomic_store_n(&table->head.magic, HEAPS_MAGIC, __ATOMIC_RELEASE);
}

static void measure_heap(unsigned heap, struct heaps_entry *e)
{
	static const size_t page = 4096; /* jemalloc's */
	unsigned arena = heap_arena[heap];
	size_t out = read_figure(&small_used, arena) + read_figure(&large_used, arena);
	size_t idle = read_figure(&cached, arena);
	size_t held = (read_figure(&active, arena) + read_figure(&dirty, arena)) * page;

	e->used = out > idle ? out - idle : 0;
	e->free = held > e->used ? held - e->used : 0;
	e->used += block_sum(heap);
}

static void measure(struct published_sum *sum)
{
	unsigned end = heap_end();
	uint64_t epoch = 1;
	size_t size = sizeof(epoch);

	if (!small_used.count)
		return;
	heaps_je_mallctl("epoch", &epoch, &size, &epoch, sizeof(epoch));
	if (table) {
		__atomic_store_n(&table->head.changes, table->head.changes | 1, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE);
	}
	for (unsigned heap = OWNER_FIRST; heap < end; heap++) {
		struct heaps_entry e = {.used = 0};

		measure_heap(heap, &e);
		sum->used += e.used;
		sum->free += e.free;
		if (!table)
			continue;
		memcpy(e.name, heap_name(heap), sizeof(e.name));
		table->entries[heap - OWNER_FIRST] = e;
	}
	if (table) {
		table->head.count = end - OWNER_FIRST;
		table->head.refreshed = now_ns();
		__atomic_store_n(&table->head.changes, table->head.changes + 1, __ATOMIC_RELEASE);
	}
}

struct published_sum published_measure(void)
{
	struct published_sum sum = {0, 0};

	if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
		return sum; /* another thread is at it */
	measure(&sum);
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	return sum;
}

void published_refresh(void)
{
	const uint64_t pause = 100000000; /* ns */

	if (table && now_ns() - table->head.refreshed >= pause)
		published_measure();
}
