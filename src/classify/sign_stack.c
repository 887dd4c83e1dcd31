/*
 * Stacks of threads, on x86: at their top lies what the C library knows of the thread, which begins
 * with its own address, for the register of the thread points there. glibc has it twice, as the
 * block of the thread and as itself; musl once, and then in a ring of all threads. Both keep there
 * where the stack begins and how large it is. The first thread has no such stack.
 *
 * From glibc 2.42 on, guard pages are no mappings of their own, so that the kernel merges stacks
 * with each other and with other memory.
 */
#include "classify/sign.h"

#define PAGE_BYTES    UINT64_C(4096)
#define STACK_LEAST   (UINT64_C(16) << 10)
#define SEVERAL_LEAST (UINT64_C(1) << 20)
#define SEVERAL_MOST  (UINT64_C(64) << 20)

enum {
	STEP = 16,
	HEAD = 4, /* words */
	MUSL_NEXT = 3,
	WORDS = PAGE_BYTES / sizeof(uint64_t),
	HALVES = PAGE_BYTES / sizeof(uint32_t),
	ABOVE = 2 * PAGE_BYTES, /* at most, from the thread to the end of its stack */
};

/* A page in which a thread may begin, and where its stack begins, if there is one. */
struct top {
	uint64_t at;
	union {
		uint64_t words[WORDS];
		uint32_t halves[HALVES];
	};
	uint64_t stack, end;
};

static bool is_stack(struct top *t, uint64_t thread, uint64_t start, uint64_t size)
{
	if (start == 0 || start % PAGE_BYTES != 0 || size < STACK_LEAST || start >= thread ||
	    size > UINT64_MAX - start || start + size <= thread || start + size > thread + ABOVE)
		return false;
	t->stack = start;
	t->end = start + size;
	return true;
}

static bool points_back(const struct sign_place *p, uint64_t next, uint64_t thread)
{
	uint64_t before;

	return next % STEP == 0 &&
	       memory_read(p->memory, next + MUSL_NEXT * sizeof(before), &before, sizeof(before)) &&
	       before == thread;
}

static bool find_thread(const struct sign_place *p, struct top *t)
{
	for (size_t i = 0; i + HEAD <= WORDS; i += STEP / sizeof(*t->words)) {
		uint64_t thread = t->at + i * sizeof(*t->words);

		if (t->words[i] != thread ||
		    (t->words[i + 2] != thread && !points_back(p, t->words[i + 2], thread)))
			continue;
		for (size_t j = i + HEAD; j + 1 < WORDS; j++) {
			if (is_stack(t, thread, t->words[j], t->words[j + 1]))
				return true;
		}
	}
	return false;
}

/* The same of a process of 32 bits. */
static bool find_thread_32(struct top *t)
{
	for (size_t i = 0; i + HEAD <= HALVES; i += STEP / sizeof(*t->halves)) {
		uint64_t thread = t->at + i * sizeof(*t->halves);

		if (t->halves[i] != thread || t->halves[i + 2] != thread)
			continue;
		for (size_t j = i + HEAD; j + 1 < HALVES; j++) {
			if (is_stack(t, thread, t->halves[j], t->halves[j + 1]))
				return true;
		}
	}
	return false;
}

/* Where the stack begins that ends at an address, or 0. It may begin in a guard page before. */
static uint64_t stack_below(const struct sign_place *p, uint64_t end)
{
	struct top t = {.at = end - PAGE_BYTES};

	if (end - p->at < STACK_LEAST || !memory_read(p->memory, t.at, t.words, sizeof(t.words)) ||
	    !(find_thread(p, &t) || (end <= UINT32_MAX && find_thread_32(&t))))
		return 0;
	return t.end == end ? t.stack : 0;
}

/* All that lie one below the other, down from the end of the mapping. */
static bool find_down(const struct sign_place *p, struct sign_found *found)
{
	uint64_t start = p->mapping->end, next;

	while (start > p->at && (next = stack_below(p, start)) != 0)
		start = next > p->at ? next : p->at;
	*found = (struct sign_found){start, p->mapping->end, GUESS_STACK};
	return start < p->mapping->end;
}

/* The end of the stack that begins here, or 0: by the usual sizes, which are powers of two, and a
 * guard page may be in them or added. Small ones have guard pages of their own. */
static uint64_t end_of_first(const struct sign_place *p)
{
	uint64_t room = p->mapping->end - p->at;

	for (uint64_t power = SEVERAL_LEAST; power <= SEVERAL_MOST && power <= room; power *= 2) {
		if (stack_below(p, p->at + power) == p->at)
			return p->at + power;
		if (power + PAGE_BYTES <= room &&
		    stack_below(p, p->at + power + PAGE_BYTES) == p->at)
			return p->at + power + PAGE_BYTES;
	}
	return 0;
}

/* All that lie one above the other, where other memory lies above them. */
static bool find_up(const struct sign_place *p, struct sign_found *found)
{
	uint64_t end = end_of_first(p), size = end - p->at;

	if (end == 0)
		return false;
	while (size <= p->mapping->end - end && stack_below(p, end + size) == end)
		end += size;
	*found = (struct sign_found){p->at, end, GUESS_STACK};
	return true;
}

/* Of what is used up, little can be a stack: it is not asked. */
bool sign_stack(const struct sign_place *p, struct sign_found *found)
{
	uint64_t size = p->mapping->end - p->mapping->start;

	if (size % PAGE_BYTES != 0 || p->mapping->counters.bytes[COUNTER_RSS] / 4 * 5 > size)
		return false;
	return find_down(p, found) || find_up(p, found);
}
