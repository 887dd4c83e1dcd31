/*
 * The buffer pool of InnoDB, of MariaDB and MySQL.
 *
 * A chunk of the pool begins with an array of page descriptors of equal size. Each contains the
 * address of its page; the pages follow the array in the same order.
 */
#include "classify/sign.h"

#define PAGE_LEAST UINT64_C(4096)
#define PAGE_MOST  (UINT64_C(64) << 10)

enum { HEAD_WORDS = 160, PROVEN = 4, EXTENTS = 16 };

struct pool {
	uint64_t offset, step; /* of the address in a descriptor; size of a descriptor */
	uint64_t page, first;  /* the size of a page; the offset of the first */
	uint64_t count;
};

/* The offset of the page of a descriptor; 0 if there is none. */
static uint64_t page_of(const struct sign_place *p, uint64_t at, const struct pool *pool,
			uint64_t piece)
{
	uint64_t address;

	return memory_read(p->memory, at + pool->offset + piece * pool->step, &address,
			   sizeof(address)) &&
			       address > at && address < p->mapping->end
		       ? address - at
		       : 0;
}

static bool has_page(const struct sign_place *p, uint64_t at, const struct pool *pool,
		     uint64_t piece)
{
	return page_of(p, at, pool, piece) == pool->first + piece * pool->page;
}

static bool has_pages(const struct sign_place *p, uint64_t at, const struct pool *pool)
{
	for (uint64_t i = 0; i < PROVEN; i++) {
		if (!has_page(p, at, pool, i))
			return false;
	}
	return true;
}

static bool is_page_size(uint64_t size)
{
	return size >= PAGE_LEAST && size <= PAGE_MOST && (size & (size - 1)) == 0;
}

/* Finds the first two addresses that are a page apart. */
static bool find_pieces(const struct sign_place *p, const uint64_t *words, struct pool *pool)
{
	for (uint64_t i = 0; i < HEAD_WORDS / 2; i++) {
		pool->first = words[i] - p->at;
		if (words[i] <= p->at || words[i] >= p->mapping->end ||
		    pool->first % PAGE_LEAST != 0)
			continue;
		for (uint64_t j = i + 1; j < HEAD_WORDS; j++) {
			pool->page = words[j] - words[i];
			pool->offset = i * sizeof(*words);
			pool->step = (j - i) * sizeof(*words);
			if (words[j] > words[i] && is_page_size(pool->page) &&
			    has_pages(p, p->at, pool))
				return true;
		}
	}
	return false;
}

/* The descriptors fill the space before the first page, except for less than a page. */
static bool count_pieces(const struct sign_place *p, struct pool *pool)
{
	uint64_t most = pool->first / pool->step, least = (pool->first - pool->page) / pool->step;

	if (pool->first < pool->page || !has_page(p, p->at, pool, least))
		return false;
	while (most - least > 1) {
		uint64_t middle = least + (most - least) / 2;

		if (has_page(p, p->at, pool, middle))
			least = middle;
		else
			most = middle;
	}
	pool->count = least + 1;
	return pool->count * pool->page <= p->mapping->end - p->at - pool->first;
}

static bool is_database(const struct sign_place *p)
{
	struct memory_object object;

	return memory_find(p->memory, SLICE("mariadbd"), &object) ||
	       memory_find(p->memory, SLICE("mysqld"), &object);
}

/* The chunks of a pool that consists of several of one size. */
bool sign_innodb_pool(const struct sign_place *p, struct sign_found *found)
{
	uint64_t words[HEAD_WORDS], size;
	unsigned extents = 1;
	struct pool pool;

	if (p->mapping->counters.bytes[COUNTER_RSS] < SIGN_LARGE ||
	    !memory_read(p->memory, p->at, words, sizeof(words)) || !find_pieces(p, words, &pool) ||
	    !count_pieces(p, &pool) || !is_database(p))
		return false;
	size = pool.first + pool.count * pool.page;
	*found = (struct sign_found){p->at, p->at + size, GUESS_INNODB};
	while (extents < EXTENTS && size <= p->mapping->end - found->end &&
	       has_pages(p, found->end, &pool)) {
		found->end += size;
		extents++;
	}
	return true;
}
