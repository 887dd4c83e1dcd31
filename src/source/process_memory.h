/*
 * process_memory: the pages of a process, by its pagemap, and their bytes, by its mem; for
 * src/source/ only.
 *
 * Both files belong to the memory that the process had when they were opened. They may only be read
 * by who may trace the process, which is more than reading its smaps takes.
 */
#ifndef SOURCE_PROCESS_MEMORY_H
#define SOURCE_PROCESS_MEMORY_H

#include "source/io.h"

struct process_memory {
	struct io *io;
	const struct procdir *dir;
	int mem, map;	/* descriptors, or -1 */
	unsigned calls; /* up to a few */
};

/* Of a page, as the kernel's admin-guide/mm/pagemap.rst has it. */
#define PAGE_EXCLUSIVE (UINT64_C(1) << 56)
#define PAGE_PROTECTED (UINT64_C(1) << 57)
#define PAGE_GUARD     (UINT64_C(1) << 58)
#define PAGE_SWAPPED   (UINT64_C(1) << 62)
#define PAGE_PRESENT   (UINT64_C(1) << 63)

void process_memory_begin(struct process_memory *p, struct io *io, const struct procdir *dir);
void process_memory_end(struct process_memory *p);

/* Opens both files, unless they are open. False with errno. */
bool process_memory_open(struct process_memory *p);

/* Reads all of the bytes at an address; whoever calls knows that their pages are there. */
bool process_memory_read(struct process_memory *p, uint64_t at, void *to, size_t size);

/* The entries of all pages from one on. */
bool process_memory_pages(struct process_memory *p, uint64_t page, uint64_t *entries, size_t count);

#endif
