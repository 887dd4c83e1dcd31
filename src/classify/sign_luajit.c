/*
 * The heap of LuaJIT.
 *
 * Its allocator has segments of chunks. A chunk begins with the size of a free chunk before it and
 * with its own size, whose low bits tell whether it and the chunk before it are used. A large block
 * has a mapping of its own: its first word is 1, and behind it is a chunk of no size.
 */
#include "classify/sign.h"

#define PAGE_BYTES UINT64_C(4096)
#define FLAGS	   UINT64_C(7)
#define BEFORE	   UINT64_C(1) /* the chunk before is used */
#define USED	   UINT64_C(2)
#define LARGE	   UINT64_C(1)	/* first word of a large block */
#define AFTER	   UINT64_C(32) /* bytes behind it */
#define LAST	   UINT64_C(11) /* size and flags of the chunk there */
#define LEAST	   UINT64_C(16)

enum { UNKNOWN, FOUND, NONE, CHUNKS = 32 };

struct chunk {
	uint64_t before, size;
};

static bool is_luajit(const struct sign_place *p)
{
	unsigned *state = &p->facts->luajit.state;
	struct memory_object object;

	if (*state == UNKNOWN)
		*state = memory_find(p->memory, SLICE("libluajit"), &object) ||
					 memory_find(p->memory, SLICE("luajit"), &object)
				 ? FOUND
				 : NONE;
	return *state == FOUND;
}

/* 0 if there is no large block. */
static uint64_t end_of_block(const struct sign_place *p, uint64_t at)
{
	uint64_t after[3], size;
	struct chunk c;

	if (p->mapping->end - at <= AFTER || !memory_read(p->memory, at, &c, sizeof(c)) ||
	    c.before != LARGE || (c.size & FLAGS) != USED)
		return 0;
	size = c.size & ~FLAGS;
	if (size > p->mapping->end - at - AFTER || (size + AFTER) % PAGE_BYTES != 0 ||
	    !memory_read(p->memory, at + size, after, sizeof(after)) || after[1] != LAST ||
	    after[2] != 0)
		return 0;
	return at + size + AFTER;
}

static bool follows(const struct chunk *c, const struct chunk *before)
{
	bool is_used = before->size & USED;

	return is_used == (bool)(c->size & BEFORE) &&
	       (is_used || c->before == (before->size & ~FLAGS));
}

static bool are_chunks(const struct sign_place *p, uint64_t at)
{
	struct chunk c, before = {.size = USED};

	for (unsigned i = 0; i < CHUNKS; i++, before = c) {
		if (at >= p->mapping->end || !memory_read(p->memory, at, &c, sizeof(c)) ||
		    (c.size & FLAGS) > (BEFORE | USED) || (c.size & ~FLAGS) < LEAST ||
		    !follows(&c, &before))
			return false;
		at += c.size & ~FLAGS;
	}
	return true;
}

bool sign_luajit_heap(const struct sign_place *p, struct sign_found *found)
{
	uint64_t end = p->at, next;

	while (end < p->mapping->end && (next = end_of_block(p, end)) != 0)
		end = next;
	if (end > p->at)
		*found = (struct sign_found){p->at, end, GUESS_LUAJIT};
	else
		*found = (struct sign_found){p->at, p->mapping->end, GUESS_LUAJIT_LIKELY};
	return (end > p->at || are_chunks(p, p->at)) && is_luajit(p);
}
