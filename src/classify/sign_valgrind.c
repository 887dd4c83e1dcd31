/*
 * Valgrind, whose tools run other programs inside themselves.
 *
 * A superblock of its allocator begins with its size without the header, its own address if it must
 * not be split, and two zero words. From 64 GiB on, memory belongs to the tool alone.
 */
#include "classify/sign.h"

#define PAGE_BYTES UINT64_C(4096)
#define HEAD	   32
#define LINKED_AT  UINT64_C(0x58000000) /* where its tools are linked, unlike any other program */
#define OWN	   (UINT64_C(1) << 36)
#define OWN_END	   (UINT64_C(1) << 37)

enum { UNKNOWN, FOUND, NONE };

static bool is_tool(const struct sign_place *p)
{
	static const struct slice tools[] = {
		SLICE_INIT("memcheck-"), SLICE_INIT("massif-"),	    SLICE_INIT("callgrind-"),
		SLICE_INIT("helgrind-"), SLICE_INIT("cachegrind-"), SLICE_INIT("drd-"),
		SLICE_INIT("dhat-"),	 SLICE_INIT("none-"),
	};
	struct memory_object tool;

	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		if (memory_find(p->memory, tools[i], &tool) && tool.start == LINKED_AT)
			return true;
	}
	return false;
}

/* The end of a superblock; 0 if there is none. */
static uint64_t end_of_block(const struct sign_place *p, uint64_t at)
{
	uint64_t words[HEAD / sizeof(uint64_t)], size;

	if (!memory_read(p->memory, at, words, sizeof(words)) || words[2] != 0 || words[3] != 0 ||
	    (words[1] != 0 && words[1] != at))
		return 0;
	size = words[0] + HEAD;
	return words[0] != 0 && size % PAGE_BYTES == 0 && size <= p->mapping->end - at ? at + size
										       : 0;
}

bool sign_valgrind(const struct sign_place *p, struct sign_found *found)
{
	struct valgrind_facts *facts = &p->facts->valgrind;
	uint64_t end = p->at, next;

	if (p->mapping->perms[2] != 'x' && facts->state != FOUND)
		return false;
	if (facts->state == UNKNOWN)
		facts->state = is_tool(p) ? FOUND : NONE;
	if (facts->state == NONE)
		return false;
	while (end < p->mapping->end && (next = end_of_block(p, end)) != 0)
		end = next;
	if (end > p->at)
		*found = (struct sign_found){p->at, end, GUESS_VALGRIND};
	else
		*found = (struct sign_found){p->at, p->mapping->end, GUESS_VALGRIND_LIKELY};
	return end > p->at || (p->at >= OWN && p->mapping->end <= OWN_END);
}
