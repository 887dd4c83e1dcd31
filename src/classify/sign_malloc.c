/*
 * malloc of the GNU C library.
 *
 * A chunk from mmap(2) begins with two words: the bytes before the chunk, 0 unless the block is
 * aligned to more than a page, and the size of the chunk with the flag IS_MMAPPED. The kernel
 * merges adjacent chunks into one mapping. On i386, from 2.26 on, 8 bytes precede the two words and
 * count as part of the chunk.
 *
 * An arena consists of heaps at multiples of HEAP_MAX. The header of a heap has the address of the
 * arena's state, the previous heap, its size, and how much of it is accessible. Other allocators
 * have such headers, too; but the state has the address of the chunk at the end of the last heap.
 *
 * malloc counts the bytes that it has from mmap(2); more cannot be chunks.
 */
#include "classify/malloc_ring.h"
#include "classify/sign.h"

#define HEAP_MAX    (UINT64_C(64) << 20)
#define HEAP_MAX_32 (UINT64_C(1) << 20) /* on 32 bits */
#define PAGE_BYTES  UINT64_C(4096)	/* the smallest page size */
#define IS_MMAPPED  UINT64_C(2)
#define FLAGS	    UINT64_C(7)

struct chunk {
	uint64_t before, size;
};

static bool is_narrow(const struct sign_place *p)
{
	return p->mapping->end <= UINT32_MAX;
}

static bool is_size(uint64_t size)
{
	return size != 0 && size % PAGE_BYTES == 0;
}

/* Of 64 bits; 0 if there is none. */
static uint64_t wide_size(const struct chunk *c)
{
	return c->before == 0 && (c->size & FLAGS) == IS_MMAPPED ? c->size & ~FLAGS : 0;
}

static uint64_t narrow_size(const struct chunk *c)
{
	enum { SHIFT = 8 }; /* from 2.26 on */
	uint32_t words[4];

	memcpy(words, c, sizeof(words));
	if (words[0] != 0)
		return 0;
	if ((words[1] & FLAGS) == IS_MMAPPED)
		return words[1] & ~FLAGS;
	return words[1] == 0 && words[2] == SHIFT && (words[3] & FLAGS) == IS_MMAPPED
		       ? (words[3] & ~FLAGS) + SHIFT
		       : 0;
}

/* The end of a chunk that begins at an address; 0 if there is none. */
static uint64_t end_of_chunk(const struct sign_place *p, uint64_t at)
{
	struct chunk chunk;
	uint64_t size;

	if (!memory_read(p->memory, at, &chunk, sizeof(chunk)))
		return 0;
	size = wide_size(&chunk);
	if (size == 0 && is_narrow(p))
		size = narrow_size(&chunk);
	return is_size(size) && size <= p->mapping->end - at ? at + size : 0;
}

/* The two words are two marks, but other numbers can look like them by chance. The third mark is
 * that the chunk ends where the mapping ends or another chunk begins. */
bool sign_malloc_chunks(const struct sign_place *p, struct sign_found *found)
{
	uint64_t end = end_of_chunk(p, p->at), next = end;
	unsigned chunks = 0;

	for (; next != 0; chunks++) {
		end = next;
		next = end < p->mapping->end ? end_of_chunk(p, end) : 0;
	}
	if (chunks == 0)
		return false;
	*found = (struct sign_found){
		.start = p->at,
		.end = end,
		.guess = chunks > 1 || end == p->mapping->end ? GUESS_MALLOC : GUESS_MALLOC_LIKELY,
	};
	return true;
}

struct heap_info {
	uint64_t arena, before, size, accessible;
};

/* The arena's state follows the header of its first heap; other heaps point there. */
static bool is_heap(const struct heap_info *h, uint64_t at, uint64_t room, uint64_t most)
{
	uint64_t state = h->arena % most;

	return h->before % most == 0 && (h->before == 0) == (h->arena - state == at) &&
	       state >= sizeof(*h) / 2 && state < PAGE_BYTES && state % sizeof(uint64_t) == 0 &&
	       h->size >= PAGE_BYTES && h->size <= h->accessible && h->size <= room &&
	       h->accessible <= most && h->accessible % PAGE_BYTES == 0;
}

static bool read_heap(const struct sign_place *p, uint64_t at, bool narrow, struct heap_info *h)
{
	uint32_t words[sizeof(*h) / sizeof(uint64_t)];

	if (!narrow)
		return memory_read(p->memory, at, h, sizeof(*h));
	if (!memory_read(p->memory, at, words, sizeof(words)))
		return false;
	*h = (struct heap_info){words[0], words[1], words[2], words[3]};
	return true;
}

/* Whether an address is that of a chunk in a heap of the arena. */
static bool is_in_arena(const struct sign_place *p, bool narrow, const struct heap_info *heap,
			uint64_t address)
{
	uint64_t most = narrow ? HEAP_MAX_32 : HEAP_MAX, at = address - address % most;
	struct heap_info other;

	return at != 0 && read_heap(p, at, narrow, &other) && other.arena == heap->arena &&
	       address - at < other.accessible;
}

/* Whether the arena's state has its last chunk where glibc has it: from 2.27 on, and before; on 32
 * bits its place depends on the alignment, too. */
static bool has_last_chunk(const struct sign_place *p, bool narrow, const struct heap_info *heap)
{
	static const unsigned wide_places[] = {96, 88}, narrow_places[] = {56, 52, 48};
	const unsigned *places = narrow ? narrow_places : wide_places;
	size_t count = narrow ? sizeof(narrow_places) / sizeof(*narrow_places)
			      : sizeof(wide_places) / sizeof(*wide_places);

	for (size_t i = 0; i < count; i++) {
		uint64_t address = 0;
		uint32_t half;
		bool is_there;

		if (narrow) {
			is_there = memory_read(p->memory, heap->arena + places[i], &half,
					       sizeof(half));
			address = is_there ? half : 0;
		} else {
			is_there = memory_read(p->memory, heap->arena + places[i], &address,
					       sizeof(address));
		}
		if (is_there && is_in_arena(p, narrow, heap, address)) {
			malloc_ring_note(&p->facts->malloc, heap->arena, places[i], narrow);
			return true;
		}
	}
	return false;
}

/* If the kernel merged it with earlier memory, it begins inside the mapping. */
static bool find_heap(const struct sign_place *p, bool narrow, struct sign_found *found)
{
	uint64_t most = narrow ? HEAP_MAX_32 : HEAP_MAX;
	uint64_t at = (p->at + most - 1) / most * most, end = p->mapping->end;
	struct heap_info heap;

	if (at < p->at || at >= end || !read_heap(p, at, narrow, &heap) ||
	    !is_heap(&heap, at, end - at, most))
		return false;
	if (heap.accessible < end - at)
		end = at + heap.accessible;
	*found = (struct sign_found){
		.start = at,
		.end = end,
		.guess = has_last_chunk(p, narrow, &heap) ? GUESS_ARENA : GUESS_ARENA_LIKELY,
	};
	return true;
}

bool sign_malloc_arena(const struct sign_place *p, struct sign_found *found)
{
	return find_heap(p, false, found) || (is_narrow(p) && find_heap(p, true, found));
}

/* The account of the library. */

static bool is_c_library(struct slice path)
{
	const struct slice name = slice_base_name(path);

	return slice_equals(name, SLICE("libc.so.6")) || slice_begins(name, SLICE("libc-2."));
}

/* A static program has it in its own variables. */
void sign_malloc_pass(const struct mapping *m, struct sign_facts *facts)
{
	struct malloc_facts *f = &facts->malloc;
	bool is_library;

	if (f->has_library || m->perms[1] != 'w' || m->perms[3] != 'p' || !mapping_has_inode(m))
		return;
	is_library = is_c_library(m->name);
	if (!is_library && f->data_end != 0)
		return;
	f->has_library = is_library;
	f->data = m->start;
	f->data_end = m->end;
}

enum guess sign_malloc_settle(const struct content_part *part, struct sign_facts *facts)
{
	enum guess guess = (enum guess)part->guess;

	if (guess_kind(guess) == GUESS_MALLOC)
		facts->malloc.claimed += part->end - part->start;
	else if (guess_kind(guess) != GUESS_ARENA)
		return guess;
	return facts->malloc.doubted ? guess_doubt(guess) : guess;
}

/* What it has by mmap(2) now, the most that it ever had, and the begin of what it got by brk(2);
 * behind that two numbers for its caches of small blocks, which programs do not change. */
enum { MAPPED, MAPPED_MOST, BREAK, BINS, LARGEST, WORDS };
enum { BINS_COUNT = 64, LARGEST_WIDE = 1032, LARGEST_NARROW = 1020 };

static bool is_account(const uint64_t *words, uint64_t largest)
{
	return words[BINS] == BINS_COUNT && words[LARGEST] == largest &&
	       words[MAPPED] % PAGE_BYTES == 0 && words[MAPPED] <= words[MAPPED_MOST];
}

struct block {
	unsigned char bytes[PAGE_BYTES];
	size_t size;
};

static bool find_wide(const struct block *b, uint64_t *words)
{
	for (size_t i = 0; i + WORDS * sizeof(*words) <= b->size; i += sizeof(*words)) {
		memcpy(words, b->bytes + i, WORDS * sizeof(*words));
		if (is_account(words, LARGEST_WIDE))
			return true;
	}
	return false;
}

static bool find_narrow(const struct block *b, uint64_t *words)
{
	uint32_t halves[WORDS];

	for (size_t i = 0; i + sizeof(halves) <= b->size; i += sizeof(*halves)) {
		memcpy(halves, b->bytes + i, sizeof(halves));
		for (size_t j = 0; j < WORDS; j++)
			words[j] = halves[j];
		if (is_account(words, LARGEST_NARROW))
			return true;
	}
	return false;
}

static enum content_doubt compare(uint64_t claimed, const uint64_t *words)
{
	if (claimed <= words[MAPPED])
		return DOUBT_NONE;
	return claimed <= words[MAPPED_MOST] ? DOUBT_SOME : DOUBT_SURE;
}

/* Blocks overlap, because the account may cross their ends. Unreadable ones prove nothing. */
static enum content_doubt check_chunks(struct memory *m, const struct malloc_facts *f)
{
	enum { STEP = PAGE_BYTES - 64, MOST = 64 * 1024 };
	uint64_t words[WORDS], at = f->data;
	struct block b;

	if (f->claimed == 0)
		return DOUBT_NONE;
	if (f->data_end - at > MOST)
		at = f->data_end - MOST;
	for (; at < f->data_end; at += STEP) {
		b.size = f->data_end - at < PAGE_BYTES ? f->data_end - at : PAGE_BYTES;
		if (!memory_read(m, at, b.bytes, b.size))
			return DOUBT_NONE;
		if (find_wide(&b, words) || (f->data_end <= UINT32_MAX && find_narrow(&b, words)))
			return compare(f->claimed, words);
	}
	return DOUBT_SURE;
}

enum content_doubt sign_malloc_check(struct memory *m, const struct sign_facts *facts)
{
	const struct malloc_facts *f = &facts->malloc;
	enum content_doubt chunks, arenas;

	if (f->doubted)
		return DOUBT_NONE;
	chunks = check_chunks(m, f);
	arenas = malloc_ring_check(m, f);
	return chunks > arenas ? chunks : arenas;
}
