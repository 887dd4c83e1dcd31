/*
 * malloc() and related functions, by heaps. Memory that the C library allocated before this began
 * has no owner: it is copied when it grows, and never freed, since nobody could free it any more.
 */
#include "heaps/malloc.h"

#include "heaps/asker.h"
#include "heaps/block.h"
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

/* The frame of the current function; this file is compiled so that each function has one. */
#define FRAME ((const uintptr_t *)__builtin_frame_address(0))

enum { SMALLEST = 16 }; /* bytes; all memory is aligned to that, as in the C library */

static size_t at_least(size_t size)
{
	return size < SMALLEST ? SMALLEST : size;
}

static bool is_elected(unsigned heap)
{
	return __builtin_expect(heap == thread.elected, 1);
}

/* Brings the figures of heaps up to date, and says when they are due again. */
__attribute__((noinline)) static void refresh(size_t of_blocks)
{
	thread_expect(published_refresh(thread_changed() + of_blocks));
}

static void count(void)
{
	if (__builtin_expect(--thread.left <= 0, 0)) {
		thread_look();
		refresh(0);
	}
}

/* After a slow call. Blocks are not in the counters. */
static void look(size_t of_block)
{
	if (of_block > 0 || (thread.given && (*thread.given >= thread.given_due ||
					      *thread.freed >= thread.freed_due)))
		refresh(of_block);
}

/* If address space is short, uses any heap that has room. */
static void *allocate_anywhere(size_t size, int flags)
{
	unsigned end = heap_end();
	void *p = NULL;

	if (size >= OWNER_CHUNK)
		return NULL;
	for (unsigned heap = OWNER_FIRST; !p && heap < end; heap++)
		p = heaps_je_mallocx(size,
				     flags | MALLOCX_ARENA(heap_arena[heap]) | MALLOCX_TCACHE_NONE);
	return p;
}

/* Allocates memory aligned to a power of two, and zeroed if requested. */
__attribute__((noinline)) static void *allocate(unsigned heap, size_t size, size_t alignment,
						bool zero)
{
	/* Each size class is a multiple of the smallest one. */
	int flags = alignment > SMALLEST ? MALLOCX_LG_ALIGN(__builtin_ctzl(alignment)) : 0;
	bool is_block = size >= BLOCK_LEAST && alignment <= BLOCK_ALIGNMENT;
	int before = errno;
	void *p = NULL;

	size = at_least(size);
	if (size > PTRDIFF_MAX)
		p = NULL;
	else if (is_block)
		p = block_new(heap, size, alignment);
	else
		p = heaps_je_mallocx(size, flags | (zero ? MALLOCX_ZERO : 0) |
						   thread_choose_flags(heap, size));
	if (!p)
		p = allocate_anywhere(size, flags | (zero ? MALLOCX_ZERO : 0));
	look(is_block ? size : 0);
	errno = p ? before : ENOMEM;
	return p;
}

/* The size of memory from the C library: it stands before the memory, with three flags in its low
 * bits. */
static size_t foreign_size(const void *p)
{
	enum { MAPPED = 2, FLAGS = 7 };
	size_t size = ((const size_t *)p)[-1];

	return (size & ~(size_t)FLAGS) - (size & MAPPED ? 2 : 1) * sizeof(size_t);
}

/* Neither this nor free() changes errno: the functions that call the kernel preserve it. */
__attribute__((noinline)) static void release(void *p, unsigned owner)
{
	if (owner & OWNER_ALONE)
		block_free(owner - OWNER_ALONE, p);
	else if (owner != OWNER_NONE)
		heaps_je_dallocx(p, thread_choose_flags(owner, 0));
	look(owner & OWNER_ALONE ? BLOCK_LEAST : 0);
}

/* The most frequent cases of malloc() and calloc() come first, in as few instructions as can be.
 * Should the heap have no room, allocate() tries all of them. */

static void *our_malloc(size_t size)
{
	unsigned heap = asker_heap(FRAME, size);
	void *p;
	int flags;

	if (__builtin_expect(size >= THREAD_CACHED, 0))
		return allocate(heap, size, SMALLEST, false);
	if (is_elected(heap)) {
		count();
		return heaps_je_malloc(at_least(size));
	}
	flags = thread_flags(heap);
	if (__builtin_expect(flags == 0, 0))
		return allocate(heap, size, SMALLEST, false);
	p = heaps_je_mallocx(at_least(size), flags);
	return p ? p : allocate(OWNER_FIRST, size, SMALLEST, false);
}

static void our_free(void *p)
{
	unsigned owner = owner_of(p);
	int flags;

	if (__builtin_expect(owner == thread.elected, 1)) {
		count();
		heaps_je_free(p);
		return;
	}
	flags = thread_flags(owner);
	if (__builtin_expect(flags != 0, 1))
		heaps_je_dallocx(p, flags);
	else if (p)
		release(p, owner);
}

static void *our_calloc(size_t n, size_t each)
{
	unsigned heap;
	size_t size;
	void *p;
	int flags;

	if (__builtin_mul_overflow(n, each, &size)) {
		errno = ENOMEM;
		return NULL;
	}
	heap = asker_heap(FRAME, size);
	if (__builtin_expect(size >= THREAD_CACHED, 0))
		return allocate(heap, size, SMALLEST, true);
	if (is_elected(heap)) {
		count();
		return heaps_je_calloc(1, at_least(size));
	}
	flags = thread_flags(heap);
	if (__builtin_expect(flags == 0, 0))
		return allocate(heap, size, SMALLEST, true);
	p = heaps_je_mallocx(at_least(size), flags | MALLOCX_ZERO);
	return p ? p : allocate(OWNER_FIRST, size, SMALLEST, true);
}

static size_t size_of(const void *p, unsigned owner)
{
	if (owner & OWNER_ALONE)
		return block_size(p);
	return owner == OWNER_NONE ? foreign_size(p) : heaps_je_sallocx(p, 0);
}

static void *move(void *p, unsigned owner, size_t size, unsigned heap)
{
	void *moved = allocate(heap, size, SMALLEST, false);
	size_t old;

	if (!moved)
		return NULL;
	old = size_of(p, owner);
	memcpy(moved, p, old < size ? old : size);
	release(p, owner);
	return moved;
}

/* Memory stays in its heap, whichever library resizes it. */
static void *resize(void *p, unsigned owner, size_t size)
{
	void *resized = NULL;
	int before = errno;

	if (size > PTRDIFF_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	if (owner & OWNER_ALONE) {
		owner -= OWNER_ALONE;
		resized = size >= BLOCK_LEAST / 2 ? block_resize(owner, p, size) : NULL;
		if (!resized)
			return move(p, owner | OWNER_ALONE, size, owner);
		look(size);
		return resized;
	}
	if (size >= BLOCK_LEAST && owner != OWNER_ALLOCATOR)
		return move(p, owner, size, owner);
	resized = heaps_je_rallocx(p, at_least(size), thread_choose_flags(owner, size));
	if (!resized)
		return move(p, owner, size, owner == OWNER_ALLOCATOR ? OWNER_FIRST : owner);
	look(0);
	errno = before;
	return resized;
}

static void *our_realloc(void *p, size_t size)
{
	unsigned owner;

	if (!p)
		return allocate(asker_heap(FRAME, size), size, SMALLEST, false);
	owner = owner_of(p);
	if (size == 0) {
		release(p, owner);
		return NULL;
	}
	if (owner == OWNER_NONE)
		return move(p, owner, size, asker_heap(FRAME, size));
	return resize(p, owner, size);
}

static bool is_power(size_t alignment)
{
	return alignment && (alignment & (alignment - 1)) == 0;
}

/* Rounds any alignment up to a power of two, as the C library does. */
static void *our_memalign(size_t alignment, size_t size)
{
	size_t power = SMALLEST;

	if (alignment > SIZE_MAX / 2 + 1) {
		errno = EINVAL;
		return NULL;
	}
	while (power < alignment)
		power *= 2;
	return allocate(asker_heap(FRAME, size), size, power, false);
}

static int our_posix_memalign(void **memory, size_t alignment, size_t size)
{
	int before = errno;
	void *p;

	if (!is_power(alignment) || alignment % sizeof(void *))
		return EINVAL;
	p = allocate(asker_heap(FRAME, size), size, alignment, false);
	errno = before;
	if (!p)
		return ENOMEM;
	*memory = p;
	return 0;
}

static void *our_valloc(size_t size)
{
	return allocate(asker_heap(FRAME, size), size, (size_t)sysconf(_SC_PAGESIZE), false);
}

static void *our_pvalloc(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole;

	if (__builtin_add_overflow(size, page - 1, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	return allocate(asker_heap(FRAME, size), whole / page * page, page, false);
}

static size_t our_malloc_usable_size(void *p)
{
	if (!p)
		return 0;
	return size_of(p, owner_of(p));
}

/* Returns free memory to the kernel. As in the C library, returns 1 if there may have been some. */
static int our_malloc_trim(size_t unused)
{
	char key[] = "arena.4096.purge"; /* all arenas */
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

/* The numbers overflow, as the manual page of mallinfo(3) says. */
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

/* Functions that accept memory are replaced first, since they also accept the C library's. If the
 * rest then fails and cannot be undone either, nobody gets memory that the C library does not know.
 */
bool malloc_replace(void)
{
#define HOOK(name)                                                                                 \
	{                                                                                          \
#name, (void (*)(void))our_##name                                                  \
	}
	static const struct hook hooks[] = {
		HOOK(free),
		HOOK(realloc),
		HOOK(malloc_usable_size),
		HOOK(malloc_trim),
		HOOK(mallopt),
		HOOK(mallinfo),
		HOOK(mallinfo2),
		HOOK(memalign),
		HOOK(valloc),
		HOOK(pvalloc),
		HOOK(posix_memalign),
		HOOK(calloc),
		HOOK(malloc),
		{"aligned_alloc", (void (*)(void))our_memalign},
	};
#undef HOOK

	return hook_install_all(hooks, sizeof(hooks) / sizeof(*hooks));
}
