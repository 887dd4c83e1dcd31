/* foreign: the functions that jemalloc calls instead of the C library's. Nothing else calls them.
 */
#ifndef HEAPS_FOREIGN_H
#define HEAPS_FOREIGN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

static const char allocator_name[] = "malloc: (allocator)";

void *heaps_mmap(void *addr, size_t len, int access, int flags, int fd, off_t offset);
int heaps_munmap(void *addr, size_t len);
void *heaps_sbrk(intptr_t by);
char *heaps_secure_getenv(const char *name);
ssize_t heaps_readlink(const char *path, char *text, size_t size);
void *heaps_dlsym(void *handle, const char *name);
int heaps_atexit(void (*function)(void));
int heaps_pthread_atfork(void (*before)(void), void (*after)(void), void (*in_child)(void));
double heaps_exp(double x);
double heaps_log(double x);
double heaps_round(double x);
int heaps_unwind_backtrace(int (*function)(void *, void *), void *data);
uintptr_t heaps_unwind_get_ip(void *context);

#endif
