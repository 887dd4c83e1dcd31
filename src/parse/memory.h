/*
 * memory: the memory of one process, as far as signs may read it.
 *
 * Only pages that are there are read: nothing is swapped in, allocated or waited for. What is read
 * is bounded for each mapping and for each process; beyond that, and where the right to read is
 * missing, every call fails. The process may change meanwhile, and may be hostile: whatever is read
 * is checked like any other input. src/source/ has the functions for processes and for captures;
 * tests have their own.
 */
#ifndef PARSE_MEMORY_H
#define PARSE_MEMORY_H

#include "base/slice.h"

#include <stdint.h>

/* The program or a library that is mapped; where its file begins. */
struct memory_object {
	uint64_t start;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t number; /* of src/source/ only */
};

struct memory {
	/* Reads all of the bytes, or returns false. */
	bool (*read)(struct memory *m, uint64_t at, void *to, size_t size);
	/* The first page of [from, end) that may be read, or `end` if there is none. If `from` lies
	 * in one, that is `from`. */
	uint64_t (*next)(struct memory *m, uint64_t from, uint64_t end);
	/* Finds the object whose file's name begins with `name`; the program for "". It may lie
	 * anywhere in the address space, even behind the current mapping. */
	bool (*find)(struct memory *m, struct slice name, struct memory_object *object);
	/* Reads bytes of an object's file, of which not all need be mapped (its symbols). */
	bool (*read_file)(struct memory *m, const struct memory_object *object, uint64_t offset,
			  void *to, size_t size);
};

static inline bool memory_read(struct memory *m, uint64_t at, void *to, size_t size)
{
	return m->read(m, at, to, size);
}

static inline uint64_t memory_next(struct memory *m, uint64_t from, uint64_t end)
{
	return m->next(m, from, end);
}

static inline bool memory_find(struct memory *m, struct slice name, struct memory_object *object)
{
	return m->find(m, name, object);
}

static inline bool memory_read_file(struct memory *m, const struct memory_object *object,
				    uint64_t offset, void *to, size_t size)
{
	return m->read_file(m, object, offset, to, size);
}

#endif
