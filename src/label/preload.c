/*
 * The library that `anonmem run` preloads where the kernel keeps no names. It makes the program's
 * own naming succeed, and takes names along with what the program does to its mappings.
 *
 * It stands in for the C library's functions of the same name, which do no more than the system
 * calls here; so it needs none of them, at whatever moment it is called. A mapping is made before
 * its names are dropped, and unmapped after: between the two, nobody else can have the addresses.
 * Only where names move is the table held meanwhile.
 */
#include "label/keep.h"
#include "label/table.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define EXPORT __attribute__((visibility("default")))

static uint64_t round_up(uint64_t len)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

static void forget(const void *addr, size_t len)
{
	uint64_t start = (uintptr_t)addr;
	sigset_t mask;
	struct layout *t = keep_begin(&mask);

	if (!t)
		return;
	table_set(t, start, start + round_up(len), 0, NULL);
	keep_end(t, &mask);
}

EXPORT int prctl(int option, ...)
{
	unsigned long a[4];
	va_list args;

	va_start(args, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(args, unsigned long);
	va_end(args);
	if (option == PR_SET_VMA && a[0] == PR_SET_VMA_ANON_NAME)
		return anonmem_name((void *)a[1], a[2], (const char *)a[3]);
	return (int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}

static void *map(void *addr, size_t len, int access, int flags, int fd, off64_t offset)
{
	void *memory;

#ifdef SYS_mmap2
	enum { UNIT = 4096 };

	if (offset % UNIT) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	memory = (void *)syscall(SYS_mmap2, addr, len, access, flags, fd, offset / UNIT);
#else
	memory = (void *)syscall(SYS_mmap, addr, len, access, flags, fd, offset);
#endif
	if (memory != MAP_FAILED)
		forget(memory, len);
	return memory;
}

EXPORT void *mmap(void *addr, size_t len, int access, int flags, int fd, off_t offset)
{
	return map(addr, len, access, flags, fd, offset);
}

EXPORT void *mmap64(void *addr, size_t len, int access, int flags, int fd, off64_t offset)
{
	return map(addr, len, access, flags, fd, offset);
}

EXPORT int munmap(void *addr, size_t len)
{
	uint64_t start = (uintptr_t)addr;

	/* What the kernel will refuse changes nothing. */
	if (len && start % (uint64_t)sysconf(_SC_PAGESIZE) == 0 && start + round_up(len) > start)
		forget(addr, len);
	return (int)syscall(SYS_munmap, addr, len);
}

EXPORT void *mremap(void *addr, size_t len, size_t new_len, int flags, ...)
{
	void *wanted = NULL, *memory;
	struct layout *t;
	sigset_t mask;
	va_list args;

	if (flags & ~MREMAP_MAYMOVE) {
		va_start(args, flags);
		wanted = va_arg(args, void *);
		va_end(args);
	}
	t = keep_begin(&mask);
	memory = (void *)syscall(SYS_mremap, addr, len, new_len, flags, wanted);
	if (t) {
		int error = errno;

		if (memory != MAP_FAILED)
			table_move(t, (uintptr_t)addr, round_up(len), (uintptr_t)memory,
				   round_up(new_len), flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED));
		keep_end(t, &mask);
		errno = error;
	}
	return memory;
}

EXPORT void *shmat(int id, const void *addr, int flags)
{
	void *memory = (void *)syscall(SYS_shmat, id, addr, flags);
	struct shmid_ds segment;
	int error = errno;

	if (memory != MAP_FAILED && shmctl(id, IPC_STAT, &segment) == 0)
		forget(memory, segment.shm_segsz);
	errno = error;
	return memory;
}
