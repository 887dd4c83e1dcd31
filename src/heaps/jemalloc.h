/*
 * jemalloc: the allocator that the heaps are made of, renamed by the build (jemalloc.map). It is a
 * private copy, which obeys neither MALLOC_CONF nor /etc/malloc.conf, and gets its own memory from
 * heaps_mmap(). Only for this folder.
 */
#ifndef HEAPS_JEMALLOC_H
#define HEAPS_JEMALLOC_H

#include <jemalloc/jemalloc.h>
#include <stddef.h>

void *heaps_je_malloc(size_t size);
void *heaps_je_calloc(size_t count, size_t size);
void heaps_je_free(void *p);
void *heaps_je_mallocx(size_t size, int flags);
void *heaps_je_rallocx(void *p, size_t size, int flags);
void heaps_je_dallocx(void *p, int flags);
size_t heaps_je_sallocx(const void *p, int flags);
int heaps_je_mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size);
int heaps_je_mallctlnametomib(const char *name, size_t *mib, size_t *count);
int heaps_je_mallctlbymib(const size_t *mib, size_t count, void *old, size_t *old_size, void *new,
			  size_t new_size);

#endif
