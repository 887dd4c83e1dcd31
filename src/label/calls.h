/* calls: system calls of one's own, for where the C library's functions come back to this library.
 */
#ifndef LABEL_CALLS_H
#define LABEL_CALLS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* mmap(2). off_t has 64 bits here: the build says so where that is not the rule. */
static inline void *call_mmap(void *addr, size_t len, int access, int flags, int fd, off_t offset)
{
#ifdef SYS_mmap2
	enum { UNIT = 4096 };

	if (offset % UNIT) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return (void *)(uintptr_t)syscall(SYS_mmap2, addr, len, access, flags, fd, offset / UNIT);
#else
	return (void *)(uintptr_t)syscall(SYS_mmap, addr, len, access, flags, fd, offset);
#endif
}

/* munmap(2) */
static inline int call_munmap(void *addr, size_t len)
{
	return (int)syscall(SYS_munmap, addr, len);
}

#endif
