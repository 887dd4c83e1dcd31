/*
 * anonmem: give anonymous memory a name.
 *
 * A name shows as [anon:NAME] in /proc/PID/maps and smaps, and the anonmem program adds memory up
 * by it. The kernel keeps names from Linux 5.17 on if it was built with CONFIG_ANON_VMA_NAME, and
 * those of shared anonymous memory and memfds from 6.2 on (as [anon_shmem:NAME]). Where the kernel
 * keeps none, the process does, in a table in its own memory, which the anonmem program reads.
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
 * rounded up to one. NULL takes the name away; "" is a name.
 *
 * Returns 0, or -1 with errno as prctl(2) sets it, whoever keeps the name: EINVAL for a name that
 * is not allowed, an unaligned address, or if the process cannot have a table either; ENOMEM if a
 * part of the range is not mapped (the rest is named); EBADF if a part is a file's; EAGAIN if it
 * would take too many mappings; EFAULT if the name cannot be read.
 *
 * The kernel sees when memory is unmapped or mapped anew; a table does not. Take the name away
 * before munmap(), mremap() and MAP_FIXED, so that it is not on what comes to lie there next.
 */
int anonmem_name(void *addr, size_t len, const char *name);

/* The same with a name such as printf() makes; EINVAL if that is too long. */
int anonmem_namef(void *addr, size_t len, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Takes the name away: anonmem_name() with NULL. */
int anonmem_clear(void *addr, size_t len);

/*
 * Maps len bytes of new private memory, readable and writable, and names them if that can be done;
 * memory that nobody can name is still memory. anonmem_clear() and munmap() give it back.
 *
 * Returns NULL with errno as mmap(2) sets it, or if the name is not one: EINVAL or EFAULT.
 */
void *anonmem_map(size_t len, const char *name);

/* Whether this kernel keeps names, found out by naming a page: 1, 0, or -1 with errno when there
 * is no page to try it on. */
int anonmem_kernel_keeps_names(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
