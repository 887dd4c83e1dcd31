/*
 * The heap of PHP: chunks of 2 MiB, which begin with the address of the heap and those of the next
 * and previous chunks in a circular list. Other allocators have such lists too, so it is certain
 * only in a program that has PHP.
 */
#include "classify/sign.h"

#define CHUNK (UINT64_C(2) << 20)

struct chunk {
	uint64_t heap, next, before;
};

/* The heap's state is in its first chunk. */
static bool is_chunk(const struct sign_place *p, uint64_t at, struct chunk *c)
{
	return memory_read(p->memory, at, c, sizeof(*c)) && c->heap % CHUNK != 0 &&
	       c->heap % CHUNK < 4096 && c->next % CHUNK == 0 && c->next != 0 &&
	       c->before % CHUNK == 0 && c->before != 0;
}

/* The program itself, or a module of a server. */
static bool has_php(const struct sign_place *p)
{
	static const struct slice names[] = {SLICE_INIT("php"), SLICE_INIT("libphp"),
					     SLICE_INIT("mod_php"), SLICE_INIT("frankenphp")};
	struct memory_object object;
	bool has = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !has; i++)
		has = memory_find(p->memory, names[i], &object);
	return has;
}

bool sign_php_chunk(const struct sign_place *p, struct sign_found *found)
{
	uint64_t at = (p->at + CHUNK - 1) / CHUNK * CHUNK;
	struct chunk chunk, next, before;

	if (at < p->at || at >= p->mapping->end || p->mapping->end - at < CHUNK ||
	    !is_chunk(p, at, &chunk) || !is_chunk(p, chunk.next, &next) || next.before != at ||
	    !is_chunk(p, chunk.before, &before) || before.next != at || next.heap != chunk.heap ||
	    before.heap != chunk.heap)
		return false;
	*found = (struct sign_found){at, at + CHUNK, has_php(p) ? GUESS_PHP : GUESS_PHP_LIKELY};
	return true;
}
