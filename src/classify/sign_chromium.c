/*
 * The allocators of Chromium. Their headers have few marks, so guesses are likely only.
 *
 * PartitionAlloc uses super pages of 2 MiB. The first and last 16 KiB of one are inaccessible,
 * except for a page of metadata in the first.
 *
 * Oilpan, the heap of C++ objects, has pages of 128 KiB, which all begin with the address of the
 * heap, followed by that of one of its spaces. A large object has a page of its own.
 *
 * V8 in its sandbox has pages of 256 KiB in a cage of 4 GiB, which starts with read-only pages. The
 * header of a page has flags and a number, and an object begins with an odd pointer.
 */
#include "classify/sign.h"

#define SUPER_PAGE  (UINT64_C(2) << 20)
#define MARGIN	    (UINT64_C(16) << 10)
#define PAGE_BYTES  UINT64_C(4096)
#define ABOUT	    (UINT64_C(8) << 10) /* offset of the metadata of a super page; formerly 4 KiB */
#define OILPAN	    (UINT64_C(128) << 10)
#define V8_PAGE	    (UINT64_C(256) << 10)
#define CAGE	    (UINT64_C(4) << 30)
#define ADDRESS_END (UINT64_C(1) << 47)
#define FLAGS_END   (UINT64_C(1) << 26)
#define NUMBERS	    (UINT32_C(1) << 17)
#define SPACES	    (UINT64_C(256) << 10) /* range that contains the heap and its spaces */

enum { PAGES_LEAST = 3, PAGES_AROUND = 16 };

static bool is_there(const struct sign_place *p, uint64_t at)
{
	unsigned char byte;

	return memory_read(p->memory, at, &byte, sizeof(byte));
}

bool sign_partition_alloc(const struct sign_place *p, struct sign_found *found)
{
	uint64_t super_page = p->at - p->at % SUPER_PAGE, rest = p->mapping->end % SUPER_PAGE;

	if (p->at != p->mapping->start || p->at % SUPER_PAGE != MARGIN ||
	    rest > SUPER_PAGE - MARGIN || is_there(p, super_page) ||
	    is_there(p, super_page + ABOUT) == is_there(p, super_page + PAGE_BYTES) ||
	    is_there(p, super_page + ABOUT + PAGE_BYTES))
		return false;
	*found = (struct sign_found){p->at, p->mapping->end, GUESS_PARTITION_LIKELY};
	return true;
}

/* The heap whose address a page begins with, if that of a space near it follows. */
static uint64_t heap_of(const struct sign_place *p, uint64_t at)
{
	uint64_t words[2];

	if (!memory_read(p->memory, at, words, sizeof(words)) || words[0] < CAGE ||
	    words[0] >= ADDRESS_END || words[0] % 8 != 0 || words[1] % 8 != 0 ||
	    words[1] == words[0])
		return 0;
	if (words[0] == p->facts->oilpan.heap)
		return words[0] / CAGE == words[1] / CAGE ? words[0] : 0;
	return words[1] - words[0] + SPACES < 2 * SPACES ? words[0] : 0;
}

static bool is_in(const struct mapping *m, uint64_t address)
{
	return address >= m->start && address < m->end;
}

/* One page may look so by chance; a heap has several, not necessarily adjacent. */
static bool is_heap(const struct sign_place *p, uint64_t heap, uint64_t at)
{
	unsigned pages = 1;

	if (heap == 0 || heap == p->facts->oilpan.heap)
		return heap != 0;
	if (!is_there(p, heap - heap % PAGE_BYTES) || is_in(p->mapping, heap))
		return false;
	for (unsigned i = 1; i < PAGES_AROUND && pages < PAGES_LEAST; i++)
		pages += heap_of(p, at + i * OILPAN) == heap;
	if (pages == PAGES_LEAST)
		p->facts->oilpan.heap = heap;
	return pages == PAGES_LEAST;
}

bool sign_oilpan(const struct sign_place *p, struct sign_found *found)
{
	bool may_be = p->at == p->mapping->start && p->at % OILPAN == 0;
	uint64_t at = p->at, heap = may_be ? heap_of(p, at) : 0;

	if (!is_heap(p, heap, at))
		return false;
	while (at < p->mapping->end && (at == p->at || heap_of(p, at) == heap))
		at = p->mapping->end - at < OILPAN ? p->mapping->end : at + OILPAN;
	/* No page follows the first: that has a large object, up to the end. */
	if (at == p->at + OILPAN)
		at = p->mapping->end;
	*found = (struct sign_found){p->at, at, GUESS_OILPAN_LIKELY};
	return true;
}

bool sign_v8_sandbox(const struct sign_place *p, struct sign_found *found)
{
	struct {
		uint64_t flags;
		uint32_t number, unknown;
		uint64_t object;
	} head;

	if (p->at != p->mapping->start || p->at % V8_PAGE != 0 || p->at < CAGE ||
	    p->at % CAGE == 0 || !memory_read(p->memory, p->at, &head, sizeof(head)) ||
	    head.flags == 0 || head.flags >= FLAGS_END || head.number == 0 ||
	    head.number >= NUMBERS || head.object % 2 == 0 || !is_there(p, p->at - p->at % CAGE))
		return false;
	*found = (struct sign_found){p->at, p->mapping->end, GUESS_V8_HEAP_LIKELY};
	return true;
}
