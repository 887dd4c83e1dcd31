/*
 * The heap of libgc, the collector by Boehm, Demers and Weiser: Guile, ECL, Crystal, Inkscape.
 *
 * Its exported variable GC_arrays begins with the size of the heap. Later it has, since 8.2, the
 * address of a list with the start and size of each section of the heap. These sizes add up to that
 * of the heap.
 */
#include "classify/elf.h"
#include "classify/sign.h"

#define PAGE_BYTES UINT64_C(4096)
#define ARRAYS	   (UINT64_C(192) << 10) /* size of the variable, about */

enum { UNKNOWN, FOUND, NONE, TRIES = 2, SECTIONS = 4096 };

struct section {
	uint64_t start, size;
};

static bool is_address(uint64_t a)
{
	return a >= PAGE_BYTES && a % sizeof(uint64_t) == 0 && a < UINT64_C(1) << 47;
}

static bool is_section(const struct section *s, uint64_t most)
{
	return is_address(s->start) && s->start % PAGE_BYTES == 0 && s->size > 0 &&
	       s->size % PAGE_BYTES == 0 && s->size <= most;
}

/* A section is often adjacent to the one before. */
static void add_section(struct libgc_facts *facts, const struct section *s)
{
	struct sign_found *last = &facts->sections[facts->count ? facts->count - 1 : 0];
	uint64_t end = s->start + s->size;

	if (facts->count && last->start == end)
		last->start = s->start;
	else if (facts->count && last->end == s->start)
		last->end = end;
	else if (facts->count < LIBGC_SECTIONS)
		facts->sections[facts->count++] = (struct sign_found){s->start, end, GUESS_LIBGC};
}

static bool is_list(const struct sign_place *p, uint64_t list, uint64_t heap)
{
	struct libgc_facts *facts = &p->facts->libgc;
	struct section s;

	facts->count = 0;
	for (unsigned i = 0; i < SECTIONS && heap > 0; i++) {
		if (!memory_read(p->memory, list + i * sizeof(s), &s, sizeof(s)) ||
		    !is_section(&s, heap))
			return false;
		add_section(facts, &s);
		heap -= s.size;
	}
	return heap == 0;
}

static bool find_list(const struct sign_place *p, uint64_t arrays, uint64_t heap)
{
	uint64_t words[PAGE_BYTES / sizeof(uint64_t)], before = 0;

	for (uint64_t at = arrays - arrays % PAGE_BYTES; at < arrays + ARRAYS; at += PAGE_BYTES) {
		if (!memory_read(p->memory, at, words, sizeof(words)))
			continue;
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			if (words[i] == before || !is_address(words[i]))
				continue;
			if (is_list(p, words[i], heap))
				return true;
			before = words[i];
		}
	}
	return false;
}

static void find_sections(const struct sign_place *p)
{
	struct libgc_facts *facts = &p->facts->libgc;
	uint64_t arrays, heap;
	struct elf elf;

	if (!elf_open(&elf, p->memory, SLICE("libgc.so")) ||
	    !elf_find_symbol(&elf, SLICE("GC_arrays"), &arrays)) {
		facts->state = NONE;
		return;
	}
	if (memory_read(p->memory, arrays, &heap, sizeof(heap)) && heap > 0 &&
	    find_list(p, arrays, heap))
		facts->state = FOUND;
	else if (++facts->tries == TRIES)
		facts->state = NONE;
}

bool sign_libgc_heap(const struct sign_place *p, struct sign_found *found)
{
	const struct libgc_facts *facts = &p->facts->libgc;
	bool any = false;

	if (facts->state == UNKNOWN && p->mapping->counters.bytes[COUNTER_RSS] >= SIGN_LARGE)
		find_sections(p);
	for (unsigned i = 0; facts->state == FOUND && i < facts->count; i++) {
		struct sign_found section = facts->sections[i];

		if (section.start < p->at)
			section.start = p->at;
		if (section.end > p->mapping->end)
			section.end = p->mapping->end;
		if (section.start >= section.end || (any && section.start >= found->start))
			continue;
		*found = section;
		any = true;
	}
	return any;
}
