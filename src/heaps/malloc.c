/*
 * malloc() and the others, by heaps. What the C library allocated before this began is known by
 * having no owner: it is copied when it grows, and never freed, since nobody could any more.
 */
#include "heaps/malloc.h"

#include "heaps/asker.h"
#include "heaps/heap.h"
#include "heaps/jemalloc.h"
#include "heaps/owner.h"
#include "heaps/published.h"
#include "heaps/thread.h"
#include "preload/hook.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The frame of the function at hand; this file is compiled so that each has one. */
#define FRAME ((const uintptr_t *)__builtin_frame_address(0))

enum { SMALLEST = 16 }; /* as of the C library: all memory is aligned to that */

static size_t at_least(size_t size)
{
	return size < SMALLEST ? SMALLEST : size;
}

static bool is_elected(unsigned heap, size_t size)
{
	return __builtin_expect(heap == thread.elected && size < THREAD_LARGE, 1);
}

static void count(void)
{
	if (__builtin_expect(--thread.left <= 0, 0)) {
		thread_look();
		published_refresh();
	}
}

/* Where addresses are short, any heap that has room. */
static void *allocate_anywhere(size_t size, int flags)
{
	unsigned end = heap_end();
	void *p = NULL;

	if (size >= OWNER_CHUNK)
		return NULL;
	for (unsigned heap = OWNER_FIRST; !p && heap < end; heap++)
		p = heaps_je_mallocx(size, flags | MALLOCX_ARENA(heap_arena[heap]) |
						   MALLOCX_TCACHE_NONE);
	return p;
}

/* With flags of mallocx() for alignment and zeros. */
__attribute__((noinline)) static void *allocate(unsigned heap, size_t size, int flags)
{
	int before = errno;
	void *p = NULL;

	size = at_least(size);
	if (size <= PTRDIFF_MAX) {
		p = heaps_je_mallocx(size, flags | thread_flags(heap, size));
		if (!p)
			p = allocate_anywhere(size, flags);
	}
	errno = p ? before : ENOMEM;
	return p;
}

/* Of memory from the C library: its size stands before it, with three flags below. */
static size_t foreign_size(const void *p)
{
	enum { MAPPED = 2, FLAGS = 7 };
	size_t size = ((const size_t *)p)[-1];

	return (size & ~(size_t)FLAGS) - (size & MAPPED ? 2 : 1) * sizeof(size_t);
}

__attribute__((noinline)) static void release(void *p, unsigned owner)
{
	int before = errno;

	if (owner != OWNER_NONE)
		heaps_je_dallocx(p, thread_flags(owner, 0));
	errno = before;
}

static void *our_malloc(size_t size)
{
	unsigned heap = asker_heap(FRAME);

	if (!is_elected(heap, size))
		return allocate(heap, size, 0);
	count();
	return heaps_je_malloc(at_least(size));
}

static void our_free(void *p)
{
	unsigned owner = owner_of(p);
	int before;

	if (__builtin_expect(owner != thread.elected, 0)) {
		if (p)
			release(p, owner);
		return;
	}
	before = errno;
	heaps_je_free(p);
	errno = before;
}

static void *our_calloc(size_t n, size_t each)
{
	unsigned heap = asker_heap(FRAME);
	size_t size;

	if (__builtin_mul_overflow(n, each, &size)) {
		errno = ENOMEM;
		return NULL;
	}
	if (!is_elected(heap, size))
		return allocate(heap, size, MALLOCX_ZERO);
	count();
	return heaps_je_calloc(1, at_least(size));
}

static void *move_foreign(void *p, size_t size, unsigned heap)
{
	size_t old = foreign_size(p);
	void *moved = allocate(heap, size, 0);

	if (moved)
		memcpy(moved, p, old < size ? old : size);
	return moved;
}

/* Memory stays in its heap, whoever changes its size. */
static void *our_realloc(void *p, size_t size)
{
	unsigned owner;
	int before = errno;
	void *moved = NULL;

	if (!p)
		return allocate(asker_heap(FRAME), size, 0);
	owner = owner_of(p);
	if (size == 0) {
		release(p, owner);
		return NULL;
	}
	if (owner == OWNER_NONE)
		return move_foreign(p, size, asker_heap(FRAME));
	if (size <= PTRDIFF_MAX)
		moved = heaps_je_rallocx(p, at_least(size), thread_flags(owner, size));
	errno = moved ? before : ENOMEM;
	return moved;
}

static bool is_power(size_t alignment)
{
	return alignment && (alignment & (alignment - 1)) == 0;
}

static void *align(unsigned heap, size_t alignment, size_t size)
{
	/* Each class of sizes has room for its alignment, so this one is no larger than it. */
	if (alignment <= SMALLEST)
		return allocate(heap, size, 0);
	return allocate(heap, size, MALLOCX_LG_ALIGN(__builtin_ctzl(alignment)));
}

/* Any alignment is rounded up to a power of two, as by the C library. */
static void *our_memalign(size_t alignment, size_t size)
{
	size_t power = SMALLEST;

	if (alignment > SIZE_MAX / 2 + 1) {
		errno = EINVAL;
		return NULL;
	}
	while (power < alignment)
		power *= 2;
	return align(asker_heap(FRAME), power, size);
}

static int our_posix_memalign(void **memory, size_t alignment, size_t size)
{
	int before = errno;
	void *p;

	if (!is_power(alignment) || alignment % sizeof(void *))
		return EINVAL;
	p = align(asker_heap(FRAME), alignment, size);
	errno = before;
	if (!p)
		return ENOMEM;
	*memory = p;
	return 0;
}

static void *our_valloc(size_t size)
{
	return align(asker_heap(FRAME), (size_t)sysconf(_SC_PAGESIZE), size);
}

static void *our_pvalloc(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole;

	if (__builtin_add_overflow(size, page - 1, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	return align(asker_heap(FRAME), page, whole / page * page);
}

static size_t our_malloc_usable_size(void *p)
{
	if (!p)
		return 0;
	return owner_of(p) == OWNER_NONE ? foreign_size(p) : heaps_je_sallocx(p, 0);
}

/* Gives back what is free; as by the C library, 1 if that may have been something. */
static int our_malloc_trim(size_t unused)
{
	char key[] = "arena.4096.purge"; /* of all */
	int before = errno;

	(void)unused;
	heaps_je_mallctl(key, NULL, NULL, NULL, 0);
	errno = before;
	return 1;
}

/* No parameter of the C library's allocator means anything here. */
static int our_mallopt(int parameter, int value)
{
	(void)parameter;
	(void)value;
	return 1;
}

static struct mallinfo2 our_mallinfo2(void)
{
	int before = errno;
	struct published_sum sum = published_measure();
	struct mallinfo2 info = {
		.arena = sum.used + sum.free,
		.ordblks = 1,
		.uordblks = sum.used,
		.fordblks = sum.free,
		.keepcost = sum.free,
	};

	errno = before;
	return info;
}

/* In numbers that may be too small, as its manual page says. */
static struct mallinfo our_mallinfo(void)
{
	struct mallinfo2 info = our_mallinfo2();
	struct mallinfo small = {
		.arena = (int)info.arena,
		.ordblks = 1,
		.uordblks = (int)info.uordblks,
		.fordblks = (int)info.fordblks,
		.keepcost = (int)info.keepcost,
	};

	return small;
}

bool malloc_replace(void)
{
#define HOOK(name) {#name, (void (*)(void))our_##name}
	static const struct hook hooks[] = {
		HOOK(malloc),	      HOOK(free),      HOOK(calloc),	     HOOK(realloc),
		HOOK(memalign),	      HOOK(valloc),    HOOK(pvalloc),	     HOOK(posix_memalign),
		HOOK(malloc_usable_size), HOOK(malloc_trim), HOOK(mallopt), HOOK(mallinfo),
		HOOK(mallinfo2),      {"aligned_alloc", (void (*)(void))our_memalign},
	};
#undef HOOK

	return hook_install_all(hooks, sizeof(hooks) / sizeof(*hooks));
}
