#include "heaps/chunk.h"

#include "heaps/owner.h"
#include "label/keep.h"
#include "label/name.h"
#include "label/syscalls.h"
#include "preload/sandboxed.h"

#include "anonmem/anonmem.h"

#include <errno.h>

enum { ACCESS = PROT_READ | PROT_WRITE, SHARING = MAP_PRIVATE | MAP_ANONYMOUS };

static uintptr_t round_down(uintptr_t value, size_t unit)
{
	return value & ~(uintptr_t)(unit - 1);
}

static uintptr_t round_up(uintptr_t value, size_t unit)
{
	return round_down(value + unit - 1, unit);
}

/* Where the last chunk begins: usually, the next one fits below it. */
static uintptr_t lowest;

static void *map_at(uintptr_t wanted, size_t size, int flags)
{
	return sys_mmap((void *)wanted, size, ACCESS, SHARING | flags, -1, 0);
}

/* Finds room by reserving more address space than needed, which does not count as memory. */
static void *map_in_reserve(size_t size, size_t alignment)
{
	char *room = sys_mmap(NULL, size + alignment, PROT_NONE, SHARING | MAP_NORESERVE, -1, 0);
	uintptr_t start = round_up((uintptr_t)room, alignment), end;
	void *memory;

	if (room == MAP_FAILED)
		return room;
	memory = map_at(start, size, MAP_FIXED);
	end = memory == MAP_FAILED ? start : start + size;
	if (start > (uintptr_t)room)
		sys_munmap(room, start - (uintptr_t)room);
	sys_munmap((void *)end, (uintptr_t)room + size + alignment - end);
	return memory;
}

static void *map_aligned(size_t size, size_t alignment)
{
	uintptr_t last = __atomic_load_n(&lowest, __ATOMIC_RELAXED), wanted = 0;
	char *memory;

	if (last > size)
		wanted = round_down(last - size, alignment);
	memory = map_at(wanted, size, 0);
	if (memory != MAP_FAILED) {
		if ((uintptr_t)memory % alignment == 0)
			return memory;
		sys_munmap(memory, size);
	}
	memory = map_in_reserve(size, alignment);
	/* Tries again: the C library, too, has a second way to get memory. */
	return memory == MAP_FAILED ? map_in_reserve(size, alignment) : memory;
}

/* Huge pages would fill each small heap up to 2 MiB. Where there are none, this has no effect. A
 * sandbox may punish a call that the C library's malloc() would not make. */
static void keep_pages_small(void *memory, size_t size)
{
	const size_t small = 4 * OWNER_CHUNK;

	if (size < small && !sandboxed)
		madvise(memory, size, MADV_NOHUGEPAGE);
}

static void give_name(void *memory, size_t size, const char *name)
{
	if (name_kernel_keeps() == 1 && !sandboxed)
		anonmem_name(memory, size, name);
	else if (name_kernel_keeps() != 1)
		keep_set((uintptr_t)memory, (uintptr_t)memory + size, 0, name);
}

static bool belongs(void *memory, size_t size, unsigned owner, const char *name)
{
	if (!owner_set(memory, size, owner)) {
		sys_munmap(memory, size);
		return false;
	}
	keep_pages_small(memory, size);
	give_name(memory, size, name);
	return true;
}

void *chunk_map(size_t size, size_t alignment, unsigned owner, const char *name)
{
	int before = errno;
	void *memory;

	alignment = alignment > OWNER_CHUNK ? alignment : OWNER_CHUNK;
	if (size + alignment < size)
		return NULL;
	memory = map_aligned(size, alignment);
	if (memory == MAP_FAILED || !belongs(memory, size, owner, name))
		return NULL;
	__atomic_store_n(&lowest, (uintptr_t)memory, __ATOMIC_RELAXED);
	errno = before;
	return memory;
}

bool chunk_extend(void *at, size_t size, unsigned owner, const char *name)
{
	int before = errno;
	void *memory = map_at((uintptr_t)at, size, MAP_FIXED_NOREPLACE);
	bool extended;

	if (memory != MAP_FAILED && memory != at) /* an old kernel takes the address as a hint */
		sys_munmap(memory, size);
	extended = memory == at && belongs(memory, size, owner, name);
	errno = before;
	return extended;
}

void *chunk_remap(void *at, size_t old, size_t size, unsigned owner, const char *name)
{
	int before = errno;
	uintptr_t start = (uintptr_t)at;
	void *memory, *room = MAP_FAILED;

	/* Forgets the owner before anything else can be mapped at these addresses. */
	owner_set(at, old, OWNER_NONE);
	if (name_kernel_keeps() != 1)
		keep_set(start, start + old, 0, NULL);
	memory = (void *)syscall(SYS_mremap, at, old, size, 0);
	if (memory == MAP_FAILED)
		room = map_aligned(size, OWNER_CHUNK);
	if (room != MAP_FAILED)
		memory = (void *)syscall(SYS_mremap, at, old, size, MREMAP_MAYMOVE | MREMAP_FIXED,
					 room);
	if (memory == MAP_FAILED) {
		if (room != MAP_FAILED)
			sys_munmap(room, size);
		belongs(at, old, owner, name);
		errno = before;
		return NULL;
	}
	belongs(memory, size, owner, name);
	errno = before;
	return memory;
}

void chunk_unmap(void *at, size_t size)
{
	uintptr_t start = (uintptr_t)at, end = start + size;
	int before = errno;

	owner_set(at, size, OWNER_NONE);
	if (name_kernel_keeps() != 1)
		keep_set(start, end, 0, NULL);
	sys_munmap(at, size);
	errno = before;
}
