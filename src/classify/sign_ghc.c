/*
 * The heap of programs in Haskell, built by GHC.
 *
 * It consists of megablocks of 1 MiB at multiples of 1 MiB. A megablock begins with a descriptor of
 * 64 bytes for each of its blocks of 4 KiB, except for those blocks that the descriptors fill. A
 * descriptor begins with the address of its block and of the free space there; the first also has
 * the number of blocks of its group, which may fill more megablocks. Only the first has
 * descriptors.
 */
#include "classify/runtime.h"

#define MEGABLOCK (UINT64_C(1) << 20)
#define BLOCK	  UINT64_C(4096)
#define FIRST	  UINT64_C(4) /* block with a descriptor */
#define IS_FREE	  UINT64_MAX

enum { BLOCKS = MEGABLOCK / BLOCK };

struct descriptor {
	uint64_t start, free, unused[4];
	uint32_t blocks, more[3];
};

static bool is_descriptor(const struct descriptor *d, uint64_t block)
{
	return d->start == block && d->blocks > 0 &&
	       (d->free == IS_FREE || (d->free >= block && d->free - block <= d->blocks * BLOCK));
}

/* The size of the megablocks of the group that begins one; 0 if there is none. */
static uint64_t group_size(const struct sign_place *p, uint64_t at)
{
	struct descriptor d[2];
	uint64_t block = at + FIRST * BLOCK, blocks;

	if (!memory_read(p->memory, at + FIRST * sizeof(*d), d, sizeof(d)) ||
	    !is_descriptor(&d[0], block) || d[1].start != block + BLOCK)
		return 0;
	blocks = d[0].blocks + FIRST;
	return (blocks + BLOCKS - 1) / BLOCKS * MEGABLOCK;
}

bool sign_ghc_heap(const struct sign_place *p, struct sign_found *found)
{
	uint64_t at = (p->at + MEGABLOCK - 1) / MEGABLOCK * MEGABLOCK, size;

	if (at < p->at || at >= p->mapping->end)
		return false;
	*found = (struct sign_found){.start = at, .end = at};
	while (found->end < p->mapping->end && (size = group_size(p, found->end)) != 0)
		found->end +=
			size < p->mapping->end - found->end ? size : p->mapping->end - found->end;
	if (found->end == found->start)
		return false;
	found->guess = runtime_guess(p, RUNTIME_GHC, GUESS_GHC);
	return true;
}
