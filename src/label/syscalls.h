/*
 * syscalls: raw system calls, used because functions of the C library may be replaced by this
 * library or another preloaded one, and because they are cancellation points, while the thread here
 * may hold a lock or be inside malloc().
 */
#ifndef LABEL_SYSCALLS_H
#define LABEL_SYSCALLS_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Since Linux 5.17; the headers of Debian 12 have them, older ones do not. */
#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

/* The build sets that if it is not the default. */
_Static_assert(sizeof(off_t) == sizeof(int64_t), "off_t has 64 bits");

/* mmap(2) */
static inline void *sys_mmap(void *addr, size_t len, int access, int flags, int fd, off_t offset)
{
#ifdef SYS_mmap2
	enum { UNIT = 4096 };

	if (offset % UNIT) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return (void *)(uintptr_t)syscall(SYS_mmap2, addr, len, access, flags, fd,
					  (long)(offset / UNIT));
#else
	return (void *)(uintptr_t)syscall(SYS_mmap, addr, len, access, flags, fd, offset);
#endif
}

/* open(2) of an existing file */
static inline int sys_open(const char *path)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

/* read(2) */
static inline ssize_t sys_read(int fd, void *to, size_t size)
{
	return syscall(SYS_read, fd, to, size);
}

/* close(2) */
static inline int sys_close(int fd)
{
	return (int)syscall(SYS_close, fd);
}

/* madvise(2) */
static inline int sys_madvise(void *addr, size_t len, int advice)
{
	return (int)syscall(SYS_madvise, addr, len, advice);
}

/* munmap(2) */
static inline int sys_munmap(void *addr, size_t len)
{
	return (int)syscall(SYS_munmap, addr, len);
}

#endif
