/*
 * anonmem: names anonymous memory.
 *
 * A name shows as [anon:NAME] in /proc/PID/maps and smaps, and the anonmem program adds up memory
 * by name. Linux keeps names since 5.17 if built with CONFIG_ANON_VMA_NAME, and those of shared
 * anonymous memory and memfds since 6.2 (as [anon_shmem:NAME]). Where the kernel keeps no names,
 * the process keeps them in a table in its own memory, which the anonmem program reads.
 *
 * A name has at most 79 bytes from 0x20 to 0x7e, without \ ` $ [ and ]; it is copied. All functions
 * may be called from any thread and after fork(); none calls malloc(), prints or exits.
 */
#ifndef ANONMEM_ANONMEM_H
#define ANONMEM_ANONMEM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define ANONMEM_NAME_MAX 79 /* bytes, without the NUL */

/*
 * Names the mappings in [addr, addr + len). addr must be a multiple of the page size; len is
 * rounded up to one. NULL removes the name; "" is a valid name.
 *
 * Returns 0, or -1 with errno as prctl(2) sets it, wherever the name is kept: EINVAL for a name
 * that is not allowed, an unaligned address, or if the process cannot have a table either; ENOMEM
 * if a part of the range is not mapped (the rest is named); EBADF if a part maps a file; EAGAIN if
 * there would be too many mappings; EFAULT if the name cannot be read.
 *
 * The kernel notices when memory is unmapped or replaced; the table does not. Remove the name
 * before munmap(), mremap() and MAP_FIXED, so that it does not stay on whatever is mapped there
 * next.
 */
int anonmem_name(void *addr, size_t len, const char *name);

/* The same with a name formatted as by printf(); EINVAL if the result is too long. */
int anonmem_namef(void *addr, size_t len, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Removes the name: anonmem_name() with NULL. */
int anonmem_clear(void *addr, size_t len);

/*
 * Maps len bytes of new private memory, readable and writable, and names them if possible; a
 * failure to name is not an error. Release it with anonmem_clear() and munmap().
 *
 * Returns NULL with errno as mmap(2) sets it, or EINVAL or EFAULT if the name is invalid.
 */
void *anonmem_map(size_t len, const char *name);

/* Tests whether this kernel keeps names, by naming a page: 1, 0, or -1 with errno if no page could
 * be allocated for the test. */
int anonmem_kernel_keeps_names(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
