#include "classify/malloc_ring.h"

enum {
	BINS = 254,	 /* words between the last chunk and the next arena, */
	BEFORE_BINS = 2, /* two more, */
	MAP = 16,	 /* and these bytes */
	ARENAS_MOST = 1024,
};

void malloc_ring_note(struct malloc_facts *facts, uint64_t state, unsigned last, bool narrow)
{
	unsigned word = narrow ? sizeof(uint32_t) : sizeof(uint64_t);

	for (unsigned i = 0; i < facts->count; i++) {
		if (facts->arenas[i] == state)
			return;
	}
	if (facts->count == MALLOC_ARENAS)
		return;
	facts->arenas[facts->count++] = state;
	facts->next_at = last + (BEFORE_BINS + BINS) * word + MAP;
	facts->is_narrow = narrow;
}

static bool read_next(struct memory *m, const struct malloc_facts *facts, uint64_t state,
		      uint64_t *next)
{
	uint32_t half;
	bool is_there;

	if (!facts->is_narrow)
		return memory_read(m, state + facts->next_at, next, sizeof(*next));
	is_there = memory_read(m, state + facts->next_at, &half, sizeof(half));
	*next = is_there ? half : 0;
	return is_there;
}

static bool is_known(const struct malloc_facts *facts, uint64_t state)
{
	for (unsigned i = 0; i < facts->count; i++) {
		if (facts->arenas[i] == state)
			return true;
	}
	return false;
}

/* Goes around once. An arena that was read before may be unreadable now, because enough was read;
 * of another one, the page may be swapped out. */
enum content_doubt malloc_ring_check(struct memory *m, const struct malloc_facts *facts)
{
	uint64_t at = facts->arenas[0], next;
	unsigned known = 0;
	bool has_own = false;

	for (unsigned i = 0; i < ARENAS_MOST && facts->count > 0; i++, at = next) {
		if (i > 0 && at == facts->arenas[0])
			return has_own && known == facts->count ? DOUBT_NONE : DOUBT_SURE;
		known += is_known(facts, at);
		has_own |= at >= facts->data && at < facts->data_end;
		if (!read_next(m, facts, at, &next))
			return is_known(facts, at) ? DOUBT_NONE : DOUBT_SOME;
	}
	return facts->count > 0 ? DOUBT_SURE : DOUBT_NONE;
}
