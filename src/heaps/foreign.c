/*
 * The functions that jemalloc calls in place of the C library's (jemalloc.map). They give it memory
 * whose owner is known, and hide settings that a user made for another jemalloc. Functions that
 * jemalloc would need for profiling, which it never does here, are missing.
 */
#include "heaps/foreign.h"

#include "heaps/chunk.h"
#include "heaps/owner.h"
#include "label/syscalls.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/single_threaded.h>

/* jemalloc tries on this page what the kernel can do. It does not expect to get no page. */
static char page_to_try[4096] __attribute__((aligned(4096)));

/* Everything that jemalloc maps by itself, at addresses of the kernel's choice. */
void *heaps_mmap(void *addr, size_t len, int access, int flags, int fd, off_t offset)
{
	void *memory;

	if (len == sizeof(page_to_try) && !addr)
		return page_to_try;
	if (len < OWNER_CHUNK)
		return sys_mmap(addr, len, access, flags, fd, offset);
	if (flags & MAP_FIXED)
		return MAP_FAILED; /* jemalloc's memory is never decommitted */
	if (addr)
		return chunk_extend(addr, len, OWNER_ALLOCATOR, allocator_name) ? addr : MAP_FAILED;
	memory = chunk_map(len, OWNER_CHUNK, OWNER_ALLOCATOR, allocator_name);
	return memory ? memory : MAP_FAILED;
}

int heaps_munmap(void *addr, size_t len)
{
	if (addr == page_to_try)
		return 0;
	/* Only whole chunks have an owner. */
	if ((uintptr_t)addr % OWNER_CHUNK == 0 && len % OWNER_CHUNK == 0) {
		chunk_unmap(addr, len);
		return 0;
	}
	return sys_munmap(addr, len);
}

void *heaps_sbrk(intptr_t by)
{
	(void)by;
	return MAP_FAILED;
}

char *heaps_secure_getenv(const char *name)
{
	(void)name;
	return NULL;
}

ssize_t heaps_readlink(const char *path, char *text, size_t size)
{
	(void)path;
	(void)text;
	(void)size;
	return -1;
}

void *heaps_dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

int heaps_atexit(void (*function)(void))
{
	(void)function;
	return 0;
}

/* jemalloc takes all its locks before a fork, and initializes them after it: pages of each arena
 * that would be copied. As in the C library's malloc(), that is left out where there is only one
 * thread: nobody else can have a lock. */
static struct {
	void (*before)(void), (*after)(void), (*in_child)(void);
} around_fork;
static bool locked;

static void before_fork(void)
{
	if (__libc_single_threaded)
		return;
	around_fork.before();
	locked = true; /* with all its locks */
}

static void after_fork(void)
{
	if (!locked)
		return;
	locked = false;
	around_fork.after();
}

static void after_fork_in_child(void)
{
	if (!locked)
		return;
	locked = false;
	around_fork.in_child();
}

int heaps_pthread_atfork(void (*before)(void), void (*after)(void), void (*in_child)(void))
{
	around_fork.before = before;
	around_fork.after = after;
	around_fork.in_child = in_child;
	return pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

double heaps_exp(double x)
{
	return x;
}

double heaps_log(double x)
{
	return x;
}

double heaps_round(double x)
{
	return x;
}

int heaps_unwind_backtrace(int (*function)(void *, void *), void *data)
{
	(void)function;
	(void)data;
	return 0;
}

uintptr_t heaps_unwind_get_ip(void *context)
{
	(void)context;
	return 0;
}
