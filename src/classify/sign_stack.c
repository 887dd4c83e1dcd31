/*
 * Stacks of threads, on x86: at their top lies what the C library knows of the thread, which begins
 * with its own address, for the register of the thread points there. glibc has it twice, as the
 * block of the thread and as itself; musl once, and then in a ring of all threads.
 *
 * From glibc 2.42 on, guard pages are no mappings of their own, so that the kernel merges stacks
 * with each other and with other memory above.
 */
#include "classify/sign.h"

#define PAGE_BYTES    UINT64_C(4096)
#define STACK_LEAST   (UINT64_C(128) << 10)
#define SEVERAL_LEAST (UINT64_C(1) << 20)
#define STACK_MOST    (UINT64_C(64) << 20)
#define MARGIN	      (UINT64_C(64) << 10)

enum { STEP = 16, WORDS = 4, MUSL_NEXT = 3 };

/* A thread at an address, of which these are the first words. */
static bool is_thread(const struct sign_place *p, uint64_t at, const uint64_t words[WORDS])
{
	uint64_t before;

	if (words[0] != at)
		return false;
	if (words[2] == at)
		return true;
	return words[2] % STEP == 0 &&
	       memory_read(p->memory, words[2] + MUSL_NEXT * sizeof(before), &before,
			   sizeof(before)) &&
	       before == at;
}

static bool is_thread_32(uint64_t at, const uint32_t words[WORDS])
{
	return words[0] == at && words[2] == at;
}

/* Whether a stack ends at an address. */
static bool ends_stack(const struct sign_place *p, uint64_t end)
{
	uint64_t page[PAGE_BYTES / sizeof(uint64_t)], start = end - PAGE_BYTES;
	uint64_t words[WORDS];
	uint32_t halves[WORDS];

	if (!memory_read(p->memory, start, page, sizeof(page)))
		return false;
	for (size_t at = 0; at + sizeof(words) <= sizeof(page); at += STEP) {
		memcpy(words, (const char *)page + at, sizeof(words));
		memcpy(halves, words, sizeof(halves));
		if (is_thread(p, start + at, words) ||
		    (end <= UINT32_MAX && is_thread_32(start + at, halves)))
			return true;
	}
	return false;
}

/* The usual sizes are powers of two, and a guard page in or beside them. */
static bool is_usual(uint64_t size)
{
	for (uint64_t power = STACK_LEAST; power <= STACK_MOST; power *= 2) {
		if (size >= power - MARGIN && size <= power + MARGIN)
			return true;
	}
	return false;
}

/* The size of the first of several stacks, or 0. Small ones are made with guard pages of their own.
 */
static uint64_t size_of_first(const struct sign_place *p)
{
	uint64_t room = p->mapping->end - p->at;

	for (uint64_t power = SEVERAL_LEAST; power <= STACK_MOST && power <= room; power *= 2) {
		if (ends_stack(p, p->at + power))
			return power;
		if (power + PAGE_BYTES <= room && ends_stack(p, p->at + power + PAGE_BYTES))
			return power + PAGE_BYTES;
	}
	return 0;
}

/* The size that all of them probably have is tried first. */
static bool find_several(const struct sign_place *p, struct sign_found *found)
{
	uint64_t size = size_of_first(p), end = p->at + size;

	if (size == 0)
		return false;
	while (size <= p->mapping->end - end && ends_stack(p, end + size))
		end += size;
	*found = (struct sign_found){.start = p->at, .end = end, .guess = GUESS_STACK};
	return true;
}

/* What is used of a stack is seldom more than half of it: memory that is used up is not asked. */
bool sign_stack(const struct sign_place *p, struct sign_found *found)
{
	uint64_t size = p->mapping->end - p->at;

	if (size < STACK_LEAST || size % PAGE_BYTES != 0 ||
	    p->mapping->counters.bytes[COUNTER_RSS] / 4 * 5 > p->mapping->end - p->mapping->start)
		return false;
	if (!is_usual(size) || !ends_stack(p, p->mapping->end))
		return find_several(p, found);
	*found = (struct sign_found){.start = p->at, .end = p->mapping->end, .guess = GUESS_STACK};
	return true;
}
