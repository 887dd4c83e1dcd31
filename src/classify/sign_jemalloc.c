/*
 * jemalloc.
 *
 * It looks up addresses in a tree: a variable of 2 MiB has the address of a leaf for each GiB, a
 * leaf has a word for each page, and the word has the address of an extent's descriptor with its
 * start and size. If this path leads from a variable to the extent of a page, the page belongs to
 * jemalloc. Blocks of metadata begin with their size and the start of their unused rest.
 */
#include "classify/elf.h"
#include "classify/runtime.h"

#define PAGE_BYTES UINT64_C(4096)
#define ROOT_BYTES (UINT64_C(1) << 21) /* an entry for each GiB of 48 bits */
#define GIB_BITS   30
#define LEAF_MASK  UINT64_C(0x3ffff)
#define ADDRESS                                                                                    \
	UINT64_C(0x0000ffffffffff80)	/* mask of the descriptor's address in a word of a leaf */
#define VARIABLES (UINT64_C(256) << 10) /* bytes of variables that are searched */
#define BLOCK	  (UINT64_C(2) << 20)
#define LONG	  (UINT64_C(4) << 20) /* longer mappings are not followed from extent to extent */

enum { UNKNOWN, FOUND, NONE, TRIES = 3, WINDOW = 64, HOPS = 128, SAMPLES = 8 };

struct extent {
	uint64_t bits, address, size, rest;
};

static bool is_address(uint64_t a)
{
	return a >= PAGE_BYTES && a < UINT64_C(1) << 47;
}

/* The extent of a word of a leaf, if it contains the page. */
static bool read_extent(const struct sign_place *p, uint64_t word, uint64_t page, struct extent *e)
{
	uint64_t at = word & ADDRESS;

	if (!is_address(at) || !memory_read(p->memory, at, e, sizeof(*e)))
		return false;
	e->address -= e->address % PAGE_BYTES;
	e->size -= e->size % PAGE_BYTES;
	return e->size != 0 && page >= e->address && page - e->address < e->size;
}

static bool begins_extent(const struct sign_place *p, uint64_t leaf, uint64_t page)
{
	struct extent e;
	uint64_t word;

	return memory_read(p->memory, leaf + (page / PAGE_BYTES & LEAF_MASK) * sizeof(word), &word,
			   sizeof(word)) &&
	       read_extent(p, word, page, &e) && e.address == page;
}

/* Reads only the words for the GiB of the mapping. */
static bool find_root(const struct sign_place *p, uint64_t start, uint64_t end)
{
	uint64_t words[PAGE_BYTES / sizeof(uint64_t)],
		slot = (p->at >> GIB_BITS) * sizeof(uint64_t);

	if (end - start < ROOT_BYTES)
		return false;
	start += slot;
	end -= ROOT_BYTES - slot;
	if (end - start > VARIABLES)
		end = start + VARIABLES;
	for (uint64_t at = start - start % PAGE_BYTES; at < end; at += PAGE_BYTES) {
		if (!memory_read(p->memory, at, words, sizeof(words)))
			continue;
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			if (!is_address(words[i]) || words[i] % 64 != 0 ||
			    !begins_extent(p, words[i], p->at))
				continue;
			p->facts->jemalloc.root = at + i * sizeof(*words) - slot;
			return true;
		}
	}
	return false;
}

static bool find_in(const struct sign_place *p, struct slice name)
{
	uint64_t start, end;
	struct elf elf;

	return elf_open(&elf, p->memory, name) && elf_find_bss(&elf, &start, &end) &&
	       find_root(p, start, end);
}

/* A library, or a part of the program. */
static void find_tree(const struct sign_place *p)
{
	struct jemalloc_facts *facts = &p->facts->jemalloc;

	if (find_in(p, SLICE("libjemalloc.so")) || find_in(p, SLICE("")))
		facts->state = FOUND;
	else if (++facts->tries == TRIES)
		facts->state = NONE;
}

/* Follows extents through the mapping: from one to the last within a window. */
static uint64_t hop(const struct sign_place *p, uint64_t at)
{
	uint64_t leaf, words[WINDOW], page = at / PAGE_BYTES;
	size_t count = LEAF_MASK + 1 - (page & LEAF_MASK);
	struct extent e;

	if (count > WINDOW)
		count = WINDOW;
	if (!memory_read(p->memory, p->facts->jemalloc.root + (at >> GIB_BITS) * sizeof(leaf),
			 &leaf, sizeof(leaf)) ||
	    !is_address(leaf))
		return at;
	leaf += (page & LEAF_MASK) * sizeof(*words);
	if (count > (PAGE_BYTES - leaf % PAGE_BYTES) / sizeof(*words))
		count = (PAGE_BYTES - leaf % PAGE_BYTES) / sizeof(*words);
	if (!memory_read(p->memory, leaf, words, count * sizeof(*words)) ||
	    !read_extent(p, words[0], at, &e) || e.address != at)
		return at;
	for (size_t i = count; i-- > 1;) {
		if (words[i] != 0 && read_extent(p, words[i], at + i * PAGE_BYTES, &e))
			break;
	}
	return e.address + e.size;
}

/* Whether one of the pages from `at` on, within a window, leads to its extent. */
static bool is_in_extent(const struct sign_place *p, uint64_t at, uint64_t *end)
{
	uint64_t leaf, words[WINDOW], first = at / PAGE_BYTES & LEAF_MASK & ~(uint64_t)(WINDOW - 1);
	uint64_t page = (at / PAGE_BYTES & ~LEAF_MASK) | first;
	struct extent e;

	if (!memory_read(p->memory, p->facts->jemalloc.root + (at >> GIB_BITS) * sizeof(leaf),
			 &leaf, sizeof(leaf)) ||
	    !is_address(leaf) ||
	    !memory_read(p->memory, leaf + first * sizeof(*words), words, sizeof(words)))
		return false;
	for (size_t i = WINDOW; i-- > 0;) {
		if (words[i] == 0 || !read_extent(p, words[i], (page + i) * PAGE_BYTES, &e))
			continue;
		*end = e.address + e.size;
		return true;
	}
	return false;
}

/* A mapping too long to be followed: its end, and a sample of places. */
static bool is_sampled(const struct sign_place *p)
{
	uint64_t step = (p->mapping->end - p->at) / SAMPLES, end;
	unsigned hits = 0;

	if (!is_in_extent(p, p->mapping->end - 1, &end) || end != p->mapping->end)
		return false;
	for (unsigned i = 0; i < SAMPLES; i++)
		hits += is_in_extent(p, p->at + i * step, &end);
	return hits >= SAMPLES / 2;
}

static bool find_extents(const struct sign_place *p, struct sign_found *found)
{
	uint64_t at = p->at, next = hop(p, at);

	if (next > at && p->mapping->end - at > LONG && is_sampled(p)) {
		*found = (struct sign_found){at, p->mapping->end, GUESS_JEMALLOC_LIKELY};
		return true;
	}

	for (unsigned i = 0; i < HOPS && at < p->mapping->end; i++, at = next) {
		next = hop(p, at);
		if (next <= at || next > p->mapping->end)
			break;
	}
	if (at == p->at)
		return false;
	*found = (struct sign_found){p->at, at, GUESS_JEMALLOC};
	return true;
}

struct block {
	uint64_t size, next, bits, rest, rest_size;
};

/* The rest of a block ends where the block does. */
static bool find_block(const struct sign_place *p, struct sign_found *found)
{
	struct block b;

	if (p->at % BLOCK != 0 || !memory_read(p->memory, p->at, &b, sizeof(b)) || b.size == 0 ||
	    b.size % BLOCK != 0 || b.size > p->mapping->end - p->at || b.next % BLOCK != 0 ||
	    b.rest <= p->at || b.rest - p->at > b.size || b.rest_size != b.size - (b.rest - p->at))
		return false;
	*found = (struct sign_found){p->at, p->at + b.size,
				     p->facts->jemalloc.state == FOUND
					     ? GUESS_JEMALLOC
					     : runtime_guess(p, RUNTIME_JEMALLOC, GUESS_JEMALLOC)};
	return true;
}

bool sign_jemalloc(const struct sign_place *p, struct sign_found *found)
{
	struct jemalloc_facts *facts = &p->facts->jemalloc;

	if (facts->state == UNKNOWN && p->at == p->mapping->start &&
	    p->mapping->counters.bytes[COUNTER_RSS] >= SIGN_LARGE)
		find_tree(p);
	return find_block(p, found) || (facts->state == FOUND && find_extents(p, found));
}
