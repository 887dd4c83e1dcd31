/*
 * Large blocks of the GNU C library's malloc for which the program asked for huge pages, as numpy
 * does. The kernel splits such a block into two mappings. The first has one page with the header,
 * whose size leads to the end of the second.
 */
#include "classify/sign.h"

#define PAGE_BYTES UINT64_C(4096)
#define IS_MMAPPED UINT64_C(2)

bool sign_advised_chunk(const struct sign_place *p, struct sign_found *found)
{
	uint64_t start = p->at - PAGE_BYTES;
	struct {
		uint64_t before, size;
	} chunk;

	if (p->at != p->mapping->start || p->at < 2 * PAGE_BYTES ||
	    p->mapping->end - p->at < SIGN_HUGE ||
	    !memory_read(p->memory, start, &chunk, sizeof(chunk)) || chunk.before != 0 ||
	    chunk.size != ((p->mapping->end - start) | IS_MMAPPED))
		return false;
	*found = (struct sign_found){p->at, p->mapping->end, GUESS_MALLOC};
	return true;
}
