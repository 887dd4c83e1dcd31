/*
 * Frames of CPython's functions, from 3.11 on.
 *
 * Each thread keeps them in chunks of 16 KiB, one mapping each, that the kernel merges with arenas.
 * A chunk begins with the address of the chunk before, its size, and how far it is used. The first
 * frame begins with an object: that leads to its type, this to the type of types, which is its own
 * type.
 */
#include "classify/runtime.h"

#define CHUNK	   UINT64_C(16384)
#define PAGE_BYTES UINT64_C(4096)
#define TAGS	   UINT64_C(3) /* tag bits of an address, from 3.14 on */

enum { BEFORE, SIZE, TOP, UNUSED, FIRST, WORDS };

static bool is_address(uint64_t a)
{
	return a >= PAGE_BYTES && a % sizeof(uint64_t) == 0 && a < UINT64_C(1) << 47;
}

static bool read_type(const struct sign_place *p, uint64_t object, uint64_t *type)
{
	return is_address(object) &&
	       memory_read(p->memory, object + sizeof(uint64_t), type, sizeof(*type));
}

static bool is_object(const struct sign_place *p, uint64_t object)
{
	uint64_t type, of_types, itself;

	return read_type(p, object, &type) && read_type(p, type, &of_types) &&
	       read_type(p, of_types, &itself) && itself == of_types;
}

/* One that has no other before it leaves its first word unused. */
static bool is_chunk(const struct sign_place *p, uint64_t at)
{
	uint64_t words[WORDS];

	if (!memory_read(p->memory, at, words, sizeof(words)) || words[SIZE] != CHUNK ||
	    words[TOP] > CHUNK / sizeof(*words) || words[BEFORE] % PAGE_BYTES != 0 ||
	    CHUNK > p->mapping->end - at)
		return false;
	return is_object(p, words[words[BEFORE] ? UNUSED : FIRST] & ~TAGS);
}

bool sign_python_frames(const struct sign_place *p, struct sign_found *found)
{
	*found = (struct sign_found){.start = p->at, .end = p->at};
	while (found->end < p->mapping->end && is_chunk(p, found->end))
		found->end += CHUNK;
	if (found->end == found->start)
		return false;
	found->guess = runtime_guess(p, RUNTIME_PYTHON, GUESS_PYTHON_FRAMES);
	return true;
}
