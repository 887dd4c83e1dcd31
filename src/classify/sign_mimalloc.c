/*
 * mimalloc.
 *
 * Version 2 uses segments of 32 MiB at multiples of 32 MiB. A segment has its alignment, its number
 * of slices of 64 KiB, and a cookie: its address mixed with a number that all segments share.
 * Version 3 uses arenas, which begin with their own address, their size and their number of slices.
 */
#include "classify/runtime.h"

#define SEGMENT	    (UINT64_C(32) << 20)
#define SLICE_BYTES (UINT64_C(64) << 10)
#define SLICES	    (SEGMENT / SLICE_BYTES)

/* Words of a segment. */
enum { ALIGNMENT = 2, COOKIE = 27, COUNT = 28, SEGMENT_WORDS = 32, ARENA_WORDS = 8 };

static bool read_segment(const struct sign_place *p, uint64_t at, uint64_t *words)
{
	return memory_read(p->memory, at, words, SEGMENT_WORDS * sizeof(*words)) &&
	       words[ALIGNMENT] == SEGMENT && words[COUNT] > 0 && words[COOKIE] != 0 &&
	       words[COUNT] < UINT32_MAX;
}

bool sign_mimalloc_segment(const struct sign_place *p, struct sign_found *found)
{
	uint64_t words[SEGMENT_WORDS], at = (p->at + SEGMENT - 1) / SEGMENT * SEGMENT, end;
	struct mimalloc_facts *facts = &p->facts->mimalloc;
	bool certain;

	if (at < p->at || at >= p->mapping->end || !read_segment(p, at, words))
		return false;
	certain = facts->seen && facts->key == (words[COOKIE] ^ at);
	if (!certain && words[COUNT] != SLICES)
		return false;
	/* The first is confirmed by the next, which often follows directly. */
	if (!certain) {
		uint64_t next[SEGMENT_WORDS];

		facts->seen = true;
		facts->key = words[COOKIE] ^ at;
		for (unsigned i = 1; i <= 2 && !certain; i++)
			certain = read_segment(p, at + i * SEGMENT, next) &&
				  (next[COOKIE] ^ (at + i * SEGMENT)) == facts->key;
	}
	end = words[COUNT] * SLICE_BYTES < p->mapping->end - at ? at + words[COUNT] * SLICE_BYTES
								: p->mapping->end;
	*found = (struct sign_found){at, end,
				     certain ? runtime_guess(p, RUNTIME_MIMALLOC, GUESS_MIMALLOC)
					     : GUESS_MIMALLOC_LIKELY};
	return true;
}

bool sign_mimalloc_arena(const struct sign_place *p, struct sign_found *found)
{
	uint64_t words[ARENA_WORDS], size;

	if (p->at % SLICE_BYTES != 0 || !memory_read(p->memory, p->at, words, sizeof(words)))
		return false;
	size = words[1];
	if (words[0] != p->at || size < SEGMENT || size % SLICE_BYTES != 0 ||
	    size > p->mapping->end - p->at)
		return false;
	for (unsigned i = 2; i < ARENA_WORDS; i++) {
		if (words[i] != size / SLICE_BYTES)
			continue;
		*found = (struct sign_found){p->at, p->at + size,
					     runtime_guess(p, RUNTIME_MIMALLOC, GUESS_MIMALLOC)};
		return true;
	}
	return false;
}
