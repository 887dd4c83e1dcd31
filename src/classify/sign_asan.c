/*
 * AddressSanitizer on x86-64.
 *
 * Its shadow has two parts with fixed addresses, and its allocator has an address range of its own.
 * Each large block is a mapping that begins with its own address and size.
 */
#include "classify/runtime.h"

#define PAGE_BYTES UINT64_C(4096)

static const struct range {
	uint64_t start, end;
} shadow[] =
	{
		{0x7fff8000, 0x8fff7000},
		{0x02008fff7000, 0x10007fff8000},
},
  heap = {0x600000000000, 0x640000000000};

static bool is_shadow(const struct mapping *m)
{
	for (size_t i = 0; i < sizeof(shadow) / sizeof(*shadow); i++) {
		if (m->start == shadow[i].start && m->end == shadow[i].end)
			return true;
	}
	return false;
}

/* The end of a large block; 0 if there is none. */
static uint64_t end_of_block(const struct sign_place *p, uint64_t at)
{
	struct {
		uint64_t start, size, used, number;
	} block;

	if (!memory_read(p->memory, at, &block, sizeof(block)) || block.start != at ||
	    block.size == 0 || block.size % PAGE_BYTES != 0 || block.size > p->mapping->end - at ||
	    block.used > block.size)
		return 0;
	return at + block.size;
}

bool sign_asan(const struct sign_place *p, struct sign_found *found)
{
	uint64_t end = p->at, next;

	if (is_shadow(p->mapping))
		p->facts->asan.seen = true;
	if (!p->facts->asan.seen)
		return false;
	if (is_shadow(p->mapping) || (p->at >= heap.start && p->mapping->end <= heap.end))
		end = p->mapping->end;
	while (end < p->mapping->end && (next = end_of_block(p, end)) != 0)
		end = next;
	if (end == p->at)
		return false;
	*found = (struct sign_found){p->at, end, runtime_guess(p, RUNTIME_ASAN, GUESS_ASAN)};
	return true;
}
