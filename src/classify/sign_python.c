/*
 * The allocator of CPython, pymalloc.
 *
 * It divides arenas of 1 MiB into pools of 16 KiB (before 3.10, 256 KiB and 4 KiB), which are
 * aligned to their size. All blocks of a pool have one size, which its header gives in two ways: as
 * an index, and by the offset of the last block. All pools of an arena have the same arena index.
 */
#include "classify/runtime.h"
#include "classify/walk.h"

#define POOL_HEAD 48

struct pool {
	uint32_t used, unused;
	uint64_t free_block, next, before;
	uint32_t arena, size_index, next_offset, last_offset;
};

struct pools {
	uint64_t bytes, per_arena;
};

struct arenas {
	struct pools pools;
	uint64_t end; /* of the arena found last, and its index */
	uint32_t last;
};

static const struct pools kinds[] = {{16384, 64}, {4096, 64}};

enum { SIZES = 32, ALIGNMENT = 16, HEADS = 128 };

static bool is_block(uint64_t offset, uint64_t size)
{
	return offset >= POOL_HEAD && (offset - POOL_HEAD) % size == 0;
}

static bool is_pool(const struct pool *h, uint64_t at, uint64_t bytes)
{
	uint64_t size = ((uint64_t)h->size_index + 1) * ALIGNMENT;

	return h->size_index < SIZES && h->last_offset == bytes - size &&
	       h->used <= (bytes - POOL_HEAD) / size && h->next_offset <= bytes &&
	       is_block(h->next_offset, size) &&
	       (h->free_block == 0 ||
		(h->free_block - at < bytes && is_block(h->free_block - at, size)));
}

/* The arena index of the pool at an address. */
static enum head look_pool(const struct sign_place *p, uint64_t at, uint64_t bytes, uint32_t *arena)
{
	struct pool pool;

	if (!memory_read(p->memory, at, &pool, sizeof(pool)))
		return HEAD_ABSENT;
	if (!is_pool(&pool, at, bytes))
		return HEAD_OTHER;
	*arena = pool.arena;
	return HEAD_OURS;
}

/* Whether there is a pool of the arena. A new one may have none yet. */
static enum head look_further(const struct sign_place *p, uint64_t at, uint64_t bytes,
			      uint32_t arena)
{
	enum head head;
	uint32_t other;

	if (at >= p->mapping->end)
		return HEAD_ABSENT;
	head = look_pool(p, at, bytes, &other);
	return head == HEAD_OURS && other != arena ? HEAD_OTHER : head;
}

/* Checks the last pool of the arena. Pools are used in ascending order, so earlier ones are there
 * too; if it is missing, one in the middle decides. */
static bool is_arena(const struct sign_place *p, uint64_t at, const struct pools *pools,
		     uint32_t arena)
{
	uint64_t last = pools->per_arena - 2;
	enum head head = look_further(p, at + last * pools->bytes, pools->bytes, arena);

	if (head == HEAD_ABSENT)
		head = look_further(p, at + last / 2 * pools->bytes, pools->bytes, arena);
	return head != HEAD_OTHER;
}

/* Adjacent arenas have different indices. If the first pool found is in the middle of its arena,
 * the expected last pool belongs to another arena. A pool of another arena directly after an arena
 * is the start of that one. */
static enum head look_arena(const struct sign_place *p, uint64_t at, void *ctx)
{
	struct arenas *arenas = ctx;
	const struct pools *pools = &arenas->pools;
	bool follows = at == arenas->end;
	uint32_t arena;
	enum head head;

	/* The rest has no room for another, even one that begins before its first pool. */
	if (follows && p->mapping->end - at < pools->bytes * (pools->per_arena - 1))
		return HEAD_OTHER;
	head = look_pool(p, at, pools->bytes, &arena);
	if (head != HEAD_OURS)
		return head;
	if (!(follows && arena != arenas->last) && !is_arena(p, at, pools, arena))
		return HEAD_OTHER;
	arenas->end = at + pools->bytes * pools->per_arena;
	arenas->last = arena;
	return HEAD_OURS;
}

/* If it is unknown how far before the pool the arena begins, its last pool may be missing. Other
 * memory may then lie there, except at the start of a mapping. */
static bool lacks_last_pool(const struct sign_place *p, uint64_t at, uint64_t bytes)
{
	uint32_t arena;
	enum head head = look_pool(p, at, bytes, &arena);

	return head == HEAD_OTHER || (head == HEAD_ABSENT && p->at != p->mapping->start);
}

static bool find_arenas(const struct sign_place *p, struct pools pools, struct sign_found *found)
{
	struct arenas arenas = {.pools = pools};
	uint32_t arena;
	struct walk walk = {.start = walk_align(p->at, pools.bytes),
			    .step = pools.bytes * pools.per_arena,
			    .end = p->mapping->end,
			    .look = look_arena,
			    .ctx = &arenas,
			    .most = HEADS};
	struct walked walked;

	if (p->mapping->end - p->at < walk.step || walk.start >= p->mapping->end ||
	    look_pool(p, walk.start, pools.bytes, &arena) != HEAD_OURS)
		return false;
	walked = walk_pieces(p, &walk);
	if (walked.heads == 0)
		return false;
	/* An arena begins at a page, its first pool at a multiple of the size of pools. */
	found->start = p->at;
	found->end = walked.end == p->mapping->end ? walked.end : walked.end - (walk.start - p->at);
	if (walk.start == p->at && walked.end != p->mapping->end &&
	    lacks_last_pool(p, walked.end - pools.bytes, pools.bytes))
		found->end -= pools.bytes;
	found->guess = walked.sampled ? GUESS_PYTHON_LIKELY
				      : runtime_guess(p, RUNTIME_PYTHON, GUESS_PYTHON);
	return true;
}

bool sign_python_arenas(const struct sign_place *p, struct sign_found *found)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (find_arenas(p, kinds[i], found))
			return true;
	}
	return false;
}
