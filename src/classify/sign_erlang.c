/*
 * Carriers of the Erlang emulator, in which its allocators keep their blocks.
 *
 * A carrier begins with its size and flags, the next and previous carriers of its allocator, and
 * the address of the allocator. The list is doubly linked, so neighbours point at each other. A
 * carrier without neighbours is recognized by its allocator, which has other carriers or a name.
 */
#include "classify/runtime.h"

#define PAGE_BYTES UINT64_C(4096)
#define FLAGS	   (PAGE_BYTES - 1)
#define SINGLE	   UINT64_C(3) /* one block in it */
#define MANY	   UINT64_C(1)

enum { NAME_WORDS = 24, NAME = 12 };

struct carrier {
	uint64_t size, next, before, allocator;
};

static bool is_address(uint64_t a)
{
	return a >= PAGE_BYTES && a % sizeof(uint64_t) == 0 && a < UINT64_C(1) << 47;
}

static bool is_carrier(const struct carrier *c, uint64_t room)
{
	uint64_t size = c->size & ~FLAGS, kind = c->size & FLAGS;

	return (kind == SINGLE || kind == MANY) && size >= 4 * PAGE_BYTES && size <= room &&
	       is_address(c->allocator & ~UINT64_C(7)) && (c->next == 0 || is_address(c->next)) &&
	       (c->before == 0 || is_address(c->before));
}

/* Whether the carrier at `address` has this allocator and its `word` points back. */
static bool points_back(struct memory *memory, uint64_t address, uint64_t allocator, bool next,
			uint64_t at)
{
	struct carrier other;

	return memory_read(memory, address, &other, sizeof(other)) &&
	       (other.allocator & ~UINT64_C(7)) == allocator &&
	       (next ? other.before : other.next) == at;
}

static bool is_known(struct erlang_facts *facts, uint64_t allocator)
{
	for (unsigned i = 0; i < facts->count; i++) {
		if (facts->allocators[i] == allocator)
			return true;
	}
	return false;
}

static void learn(struct erlang_facts *facts, uint64_t allocator)
{
	if (!is_known(facts, allocator) && facts->count < ERLANG_ALLOCATORS)
		facts->allocators[facts->count++] = allocator;
}

/* The allocator contains the address of its name prefix. */
static bool is_named(struct memory *memory, uint64_t allocator)
{
	static const char *const names[] = {
		"temp_", "sl_",	     "std_",	"ll_",	   "eheap_", "ets_",
		"fix_",	 "literal_", "binary_", "driver_", "test_",
	};
	uint64_t words[NAME_WORDS];
	char text[NAME];

	if (!memory_read(memory, allocator, words, sizeof(words)))
		return false;
	for (size_t i = 0; i < NAME_WORDS; i++) {
		if (words[i] < PAGE_BYTES || words[i] >= UINT64_C(1) << 47 ||
		    !memory_read(memory, words[i], text, sizeof(text)))
			continue;
		for (size_t j = 0; j < sizeof(names) / sizeof(*names); j++) {
			const struct slice found = {text, strnlen(text, sizeof(text))};

			if (slice_equals(found, slice_of(names[j])))
				return true;
		}
	}
	return false;
}

static bool is_linked(const struct sign_place *p, const struct carrier *c, uint64_t at)
{
	uint64_t allocator = c->allocator & ~UINT64_C(7);
	bool linked = false;

	if (c->next)
		linked = points_back(p->memory, c->next, allocator, true, at);
	if (!linked && c->before)
		linked = points_back(p->memory, c->before, allocator, false, at);
	if (!linked && !is_known(&p->facts->erlang, allocator))
		linked = is_named(p->memory, allocator);
	if (linked)
		learn(&p->facts->erlang, allocator);
	return linked || is_known(&p->facts->erlang, allocator);
}

/* In a chain of carriers that fills the mapping, one linked carrier proves the others. */
bool sign_erlang_carriers(const struct sign_place *p, struct sign_found *found)
{
	uint64_t at = p->at;
	struct carrier carrier;
	bool linked = false;

	while (at < p->mapping->end && memory_read(p->memory, at, &carrier, sizeof(carrier)) &&
	       is_carrier(&carrier, p->mapping->end - at)) {
		linked |= is_linked(p, &carrier, at);
		at += carrier.size & ~FLAGS;
	}
	if (at == p->at || (!linked && at != p->mapping->end))
		return false;
	*found = (struct sign_found){
		.start = p->at,
		.end = at,
		.guess = linked ? runtime_guess(p, RUNTIME_ERLANG, GUESS_ERLANG)
				: GUESS_ERLANG_LIKELY,
	};
	return true;
}
