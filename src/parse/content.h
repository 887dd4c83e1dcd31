/*
 * content: how who reads memory asks who knows what it means.
 */
#ifndef PARSE_CONTENT_H
#define PARSE_CONTENT_H

#include "parse/memory.h"
#include "parse/smaps.h"

/* A part of a mapping whose content shows what it is. */
struct content_part {
	uint64_t start, end;
	unsigned guess; /* enum guess; not GUESS_NONE */
};

/* Whether the memory belongs to the C library's malloc. */
enum content_malloc { MALLOC_NOT, MALLOC_MAYBE, MALLOC_SURELY };

struct content_signs {
	size_t facts_size; /* size of what is remembered of a process; all zeros for a new one */
	/* Finds at most `most` such parts, in ascending order. Returns their number. */
	size_t (*find)(const struct mapping *m, struct memory *memory, void *facts,
		       struct content_part *parts, size_t most);
	/* Sees each mapping, in ascending order, before the next one is looked at. */
	void (*pass)(const struct mapping *m, void *facts);
	enum content_malloc (*malloc_of)(unsigned guess);
};

#endif
