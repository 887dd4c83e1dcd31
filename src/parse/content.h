/*
 * content: the interface between the source, which reads memory, and the signs, which recognize it.
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

/* Whether what was found in a process agrees with the process's own figures. */
enum content_doubt {
	DOUBT_NONE,
	DOUBT_SOME, /* it may have changed meanwhile */
	DOUBT_SURE,
};

struct content_signs {
	size_t facts_size; /* size of what is remembered of a process; all zeros for a new one */
	/* Finds at most `most` such parts, in ascending order. Returns their number. */
	size_t (*find)(const struct mapping *m, struct memory *memory, void *facts,
		       struct content_part *parts, size_t most);
	/* Sees each mapping, in ascending order, before the next one is looked at. */
	void (*pass)(const struct mapping *m, void *facts);
	enum content_malloc (*malloc_of)(unsigned guess);
	/* The guess for a mapping in which the lowest stack pointer of a thread is `pointer`, if
	 * its place agrees. */
	unsigned (*stack_of)(const struct mapping *m, uint64_t pointer, const void *facts);
	/* Sees each part that was found, in this reading or an earlier one. Returns its guess. */
	unsigned (*settle)(const struct content_part *part, void *facts);
	/* After all mappings. */
	enum content_doubt (*check)(struct memory *memory, const void *facts);
	/* Called before the first mapping if a check failed in an earlier reading: its guesses are
	 * only likely. */
	void (*doubt)(void *facts);
};

#endif
