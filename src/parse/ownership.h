/*
 * ownership: who else uses the memory of a mapping, which smaps does not tell.
 *
 * Stages of the source fill it in if exclusive memory is requested (source/frames.h,
 * source/objects.h); otherwise it is all zero.
 */
#ifndef PARSE_OWNERSHIP_H
#define PARSE_OWNERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A page is identified by its frame number or, with PAGE_ID_SWAPPED, by its swap slot. */
#define PAGE_ID_SWAPPED (UINT64_C(1) << 63)

/* Pages of one process that others may map too, in the order of the mappings. */
struct page_list {
	uint64_t *ids;
	size_t count, capacity;
};

/* A file without a name; its memory exists as long as something maps the file or has it open. */
struct object_id {
	uint32_t dev_major, dev_minor;
	uint64_t inode; /* or the id of a System V segment, with OBJECT_ID_SYSV */
};

#define OBJECT_ID_SYSV (UINT64_C(1) << 63)

static inline bool object_id_equals(struct object_id a, struct object_id b)
{
	return a.inode == b.inode && a.dev_major == b.dev_major && a.dev_minor == b.dev_minor;
}

struct ownership {
	/* Private memory, unless `pages` is NULL: */
	const struct page_list *pages; /* valid until the next process begins */
	size_t first, count;	       /* this mapping's ids in there */
	uint64_t alone;		       /* bytes of resident pages that nothing else maps */
	/* The mapped object: */
	enum {
		OBJECT_UNKNOWN,
		OBJECT_STAYS,	/* a file that outlives its processes, or no object */
		OBJECT_MAY_END, /* an object that may go away with its users; unknown */
		OBJECT_ENDS,	/* goes away with the last process that maps it or has it open, */
	} object;
	struct object_id object_id;
	uint64_t object_bytes; /* and this memory with it, swap included */
};

#endif
