/*
 * The transient heap of Ruby 2.6 to 3.2, for arrays and structs that end soon.
 *
 * It has 32 MiB in blocks of 32 KiB. Each begins with three numbers of 16 bits, how far it is used,
 * which object in it was marked last, and how many there are, and with the next block of its list.
 */
#include "classify/sign.h"

#define BLOCK	   (UINT64_C(32) << 10)
#define BLOCKS	   1024
#define HEAP	   (BLOCKS * BLOCK)
#define PAGE_BYTES UINT64_C(4096)

enum { SAMPLES = 16, LINKED_LEAST = 3 };

struct block {
	int16_t used, marked, objects, unused;
	uint64_t next;
};

static bool is_ruby(const struct sign_place *p)
{
	struct memory_object object;

	return memory_find(p->memory, SLICE("libruby"), &object) ||
	       memory_find(p->memory, SLICE("ruby"), &object);
}

/* There may be no next block, or it is one of 32 KiB elsewhere. */
static bool is_block(const struct block *b)
{
	return b->used >= 0 && b->used < (int16_t)(BLOCK - 1) && b->marked >= -1 &&
	       b->marked <= b->used && b->objects >= 0 && b->objects <= b->used &&
	       b->next % PAGE_BYTES == 0;
}

static bool is_in_heap(const struct sign_place *p, uint64_t block)
{
	return block >= p->at && block - p->at < HEAP && (block - p->at) % BLOCK == 0;
}

/* Blocks are used in ascending order, so those at the end may be missing. */
static bool are_blocks(const struct sign_place *p)
{
	unsigned linked = 0;

	for (uint64_t i = 0; i < BLOCKS; i += i < SAMPLES / 2 ? 1 : BLOCKS / SAMPLES) {
		struct block block, next;

		if (!memory_read(p->memory, p->at + i * BLOCK, &block, sizeof(block)))
			continue;
		if (!is_block(&block))
			return false;
		linked += is_in_heap(p, block.next) &&
			  memory_read(p->memory, block.next, &next, sizeof(next)) &&
			  is_block(&next);
	}
	return linked >= LINKED_LEAST;
}

bool sign_ruby_transient(const struct sign_place *p, struct sign_found *found)
{
	if (p->at % BLOCK != 0 || p->mapping->end - p->at < HEAP || !are_blocks(p) || !is_ruby(p))
		return false;
	*found = (struct sign_found){p->at, p->at + HEAP, GUESS_RUBY};
	return true;
}
