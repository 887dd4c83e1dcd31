/*
 * layout: names that a process keeps itself, as they lie in its memory.
 *
 * A process has one table, in a private mapping of a memfd with a well-known name: so it is found
 * in maps, fork() copies it like all memory, and exec and exit drop it. Ranges of addresses lie in
 * ascending order in blocks of one page, and the order of the blocks is a list of its own, so that
 * a change moves one page at most. A range says which name it has; names are stored once and
 * counted.
 *
 * Readers are other processes. A sequence counter, which is odd while its owner is changed and
 * different afterwards, tells them that what they have read may be torn: `changes` of the head for
 * the order of the blocks and what is in which, `changes` of a block for its ranges. A name may be
 * given up and its slot used again while it is read; then its generation is no longer that in the
 * range. They must believe nothing of what they read, since the process may write there what it
 * likes.
 */
#ifndef LABEL_LAYOUT_H
#define LABEL_LAYOUT_H

#include "anonmem/anonmem.h"

#include <stdint.h>

#define LAYOUT_MEMFD "anonmem-names"
#define LAYOUT_SHOWN "/memfd:" LAYOUT_MEMFD " (deleted)" /* in maps */
#define LAYOUT_MAGIC UINT64_C(0x326d656d6e6f6e61)	 /* "anonmem2" */

enum {
	LAYOUT_PAGE = 4096,
	LAYOUT_BLOCKS = 2000,
	LAYOUT_RANGES = 170, /* in a block */
	LAYOUT_NAMES = 1 << 16,
	LAYOUT_BUCKETS = 1 << 12,
};

struct layout_head {
	uint64_t magic;
	uint64_t size;	  /* of struct layout */
	uint32_t lock;	  /* 0 free, 1 taken, 2 taken and waited for */
	uint32_t forking; /* thread that forks and has the lock */
	uint32_t changes;
	uint32_t blocks; /* in use: the first of `order`, by address; the others are free */
	uint32_t names;	 /* slots of names that were ever used */
	uint32_t free;	 /* slot + 1 of the first that is free again, linked by `next` */
	uint16_t order[LAYOUT_BLOCKS];
	uint8_t unused[LAYOUT_PAGE - 40 - 2 * LAYOUT_BLOCKS];
};

struct layout_range {
	uint64_t start, end;
	uint32_t name;	/* generation << 16 | slot */
	uint32_t inode; /* of shared memory, its lower half; 0 for private memory */
};

struct layout_block {
	uint32_t changes, count;
	uint64_t unused;
	struct layout_range ranges[LAYOUT_RANGES];
};

struct layout_name {
	char text[ANONMEM_NAME_MAX + 1]; /* with its NUL, then zeros */
	uint32_t generation;		 /* not 0; written before the text, to be read after it */
	uint32_t references;
	uint32_t next; /* slot + 1 in the same bucket, or free */
};

struct layout {
	struct layout_head head;
	struct layout_block blocks[LAYOUT_BLOCKS];
	struct layout_name names[LAYOUT_NAMES];
	uint32_t buckets[LAYOUT_BUCKETS]; /* slot + 1 */
};

_Static_assert(sizeof(struct layout_head) == LAYOUT_PAGE, "the head is a page");
_Static_assert(sizeof(struct layout_block) == LAYOUT_PAGE, "a block is a page");

#endif
