/*
 * Pages of V8, the JavaScript engine of Node.js and Chromium.
 *
 * A page is at a multiple of 256 KiB; with a large object, it is longer. Its header has the size of
 * the page, the start and end of its objects, and its own address; where that is in V8 before 8 is
 * not known, and other allocators have such headers without it. Since V8 13, this metadata is
 * elsewhere, and the header has its address.
 */
#include "classify/runtime.h"
#include "classify/walk.h"

#define V8_PAGE	  (UINT64_C(256) << 10)
#define PAGE_HEAD UINT64_C(8192) /* at most */
#define WORDS	  12

/* Offsets in the header or the metadata; `self` is 0 where it is not known. */
static const struct form {
	bool elsewhere;
	unsigned self, size, start, end;
} forms[] = {
	{false, 10, 0, 3, 4}, /* 8 to 11 */
	{false, 1, 2, 4, 5},  /* 12 */
	{true, 1, 2, 9, 7},   /* 13 */
	{false, 0, 0, 3, 4},  /* before */
};

static uint64_t size_by(const struct form *f, const uint64_t *words, uint64_t at)
{
	uint64_t size = words[f->size], start = words[f->start], end = words[f->end];

	if (size < 4096 || size % 4096 != 0 || start <= at || start - at > PAGE_HEAD ||
	    end <= start || end - at > size || (f->self && words[f->self] != at))
		return 0;
	return size;
}

/* 0 if there is no page. */
static uint64_t page_size(const struct sign_place *p, uint64_t at, bool *certain)
{
	uint64_t head[WORDS], elsewhere[WORDS] = {0};

	if (!memory_read(p->memory, at, head, sizeof(head)))
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		uint64_t size = 0;

		if (!forms[i].elsewhere)
			size = size_by(&forms[i], head, at);
		else if (head[1] % sizeof(uint64_t) == 0 && head[1] >= 4096 &&
			 memory_read(p->memory, head[1], elsewhere, sizeof(elsewhere)))
			size = size_by(&forms[i], elsewhere, at);
		if (size == 0 || size > p->mapping->end - at)
			continue;
		*certain &= forms[i].self != 0;
		return size;
	}
	return 0;
}

bool sign_v8_pages(const struct sign_place *p, struct sign_found *found)
{
	uint64_t at = walk_align(p->at, V8_PAGE), size;
	bool certain = true;

	if (at < p->at || at >= p->mapping->end)
		return false;
	*found = (struct sign_found){.start = at, .end = at};
	while (found->end < p->mapping->end && found->end % V8_PAGE == 0 &&
	       (size = page_size(p, found->end, &certain)) != 0)
		found->end += size;
	if (found->end == found->start)
		return false;
	found->guess = certain ? runtime_guess(p, RUNTIME_V8, GUESS_V8_HEAP) : GUESS_V8_HEAP_LIKELY;
	return true;
}
