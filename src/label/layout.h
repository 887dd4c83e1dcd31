/*
 * layout: the format in memory of names that a process keeps itself.
 *
 * A process has one table, whose head lies in a private mapping of a memfd with a well-known name:
 * so it can be found in maps, fork() copies it like all memory, and exec and exit drop it. Address
 * ranges are sorted within blocks of one page, and the order of blocks is a separate list, so that
 * a change moves at most one page. Ranges refer to names, which are stored once and
 * reference-counted.
 *
 * The table is mapped in parts, since a process may be allowed little memory: at first the head
 * with some blocks, some names, and the buckets. More blocks and names are mapped when they are
 * needed (room.h), as anonymous memory at their place. What is not mapped is not in use.
 *
 * Readers are other processes. Sequence counters, which are odd during a change and different
 * afterwards, tell them that what they read may be inconsistent: `changes` in the head covers the
 * order of blocks and the assignment of ranges to them, `changes` in a block its ranges. A name may
 * be dropped and its slot reused while it is read; then its generation differs from the one in the
 * range. Readers must not trust anything, since the process may write anything there.
 */
#ifndef LABEL_LAYOUT_H
#define LABEL_LAYOUT_H

#include "anonmem/anonmem.h"

#include <stddef.h>
#include <stdint.h>

#define LAYOUT_MEMFD "anonmem-names"
#define LAYOUT_SHOWN "/memfd:" LAYOUT_MEMFD " (deleted)" /* as shown in maps */
#define LAYOUT_MAGIC UINT64_C(0x336d656d6e6f6e61)	 /* "anonmem3" */

/* The previous version: without `deferred`, and always mapped completely. */
#define LAYOUT_MAGIC_BEFORE UINT64_C(0x326d656d6e6f6e61)
#define LAYOUT_SIZE_BEFORE  offsetof(struct layout, deferred)

enum {
	LAYOUT_PAGE = 4096,
	LAYOUT_BLOCKS = 2000,
	LAYOUT_RANGES = 170, /* per block */
	LAYOUT_NAMES = 1 << 16,
	LAYOUT_BUCKETS = 1 << 12,
	LAYOUT_DEFERRED = 16,
};

/* For a range: any shared memory, so that the process that maps it need not look up its inode. */
#define LAYOUT_ANY_INODE UINT32_MAX

struct layout_head {
	uint64_t magic;
	uint64_t size;	  /* size of struct layout */
	uint32_t lock;	  /* 0 if free; see lock.h */
	uint32_t forking; /* thread that forks while it has the lock */
	uint32_t changes;
	uint32_t blocks; /* number in use: the first ones in `order`, by address; the others are
			    free */
	uint32_t names;	 /* number of name slots ever used */
	uint32_t free;	 /* slot + 1 of the first freed name, linked by `next` */
	uint16_t order[LAYOUT_BLOCKS];
	uint32_t block_room, name_room; /* how many are mapped; 0 for all */
	uint64_t witness;		/* address of a word that is 0 in a copy of the process */
	uint32_t takings;		/* of the lock */
	uint32_t deferred;		/* changes that wait; some may have found no room */
	uint8_t unused[LAYOUT_PAGE - 64 - 2 * LAYOUT_BLOCKS];
};

struct layout_range {
	uint64_t start, end;
	uint32_t name;	/* generation << 16 | slot */
	uint32_t inode; /* lower half, for shared memory; 0 for private memory */
};

struct layout_block {
	uint32_t changes, count;
	uint64_t unused;
	struct layout_range ranges[LAYOUT_RANGES];
};

struct layout_name {
	char text[ANONMEM_NAME_MAX + 1]; /* with NUL, padded with zeros */
	uint32_t generation;		 /* never 0; written before the text, and read after it */
	uint32_t references;
	uint32_t next; /* slot + 1 of the next name in the bucket or free list */
};

/* A change that could not be made at once: of mremap() or, with `moves` 0, a name. */
struct layout_change {
	uint64_t from, from_len, to, to_len; /* for a name: to and to_len */
	uint32_t moves, stays;
	uint32_t inode, unused;
	char name[ANONMEM_NAME_MAX + 1]; /* "" for none */
};

struct layout {
	struct layout_head head;
	struct layout_block blocks[LAYOUT_BLOCKS];
	struct layout_name names[LAYOUT_NAMES];
	uint32_t buckets[LAYOUT_BUCKETS]; /* slot + 1 */
	struct layout_change deferred[LAYOUT_DEFERRED];
};

_Static_assert(sizeof(struct layout_head) == LAYOUT_PAGE, "the head is a page");
_Static_assert(sizeof(struct layout_block) == LAYOUT_PAGE, "a block is a page");
_Static_assert(sizeof(struct layout_change) == 128, "the same for 32 and 64 bits");
_Static_assert(sizeof(struct layout) % 8 == 0, "the same for 32 and 64 bits");

#endif
