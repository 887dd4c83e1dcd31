/*
 * Stacks of threads, on x86. At their top is the C library's thread descriptor, which begins with
 * its own address, because the thread register points to it. glibc has that address twice; musl
 * once, followed by a list of all threads. Both store there where the stack begins and its size.
 * The first thread has no such stack. glibc also has a list of all stacks; one that is not in it
 * was made by hand, and is only likely.
 *
 * From glibc 2.42 on, guard pages are not separate mappings, so the kernel merges stacks with each
 * other and with other memory.
 *
 * A stack that is used too little to be read, or is on another machine, has two other marks: it
 * lies directly behind guard pages, and a thread has its stack pointer in it. The pointer alone
 * proves little: an allocator's area may contain stacks.
 */
#include "classify/sign.h"

#define PAGE_BYTES    UINT64_C(4096)
#define STACK_LEAST   (UINT64_C(16) << 10)
#define STACK_MOST    (UINT64_C(64) << 20)
#define STACK_MARGIN  (UINT64_C(64) << 10)
#define GUARD_MOST    (UINT64_C(64) << 10)
#define SMALL	      (UINT64_C(256) << 10)
#define READ_LEAST    (UINT64_C(64) << 10) /* resident bytes from which on content is read */
#define SEVERAL_LEAST (UINT64_C(1) << 20)
#define SEVERAL_MOST  (UINT64_C(64) << 20)

#if defined(__x86_64__) || defined(__i386__)
enum { THREADS_SHOW = true };
#else
enum { THREADS_SHOW = false };
#endif

enum {
	STEP = 16,
	HEAD = 4, /* words */
	MUSL_NEXT = 3,
	LIST = 704, /* offset in glibc's descriptor on x86-64 */
	WORDS = PAGE_BYTES / sizeof(uint64_t),
	HALVES = PAGE_BYTES / sizeof(uint32_t),
	ABOVE = 2 * PAGE_BYTES, /* at most, from the descriptor to the end of the stack */
};

/* A page that may contain a thread descriptor, and the start of its stack, if there is one. */
struct top {
	uint64_t at;
	union {
		uint64_t words[WORDS];
		uint32_t halves[HALVES];
	};
	uint64_t stack, end;
	bool is_listed;
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

/* Whether the next stack in the list points back at this one. */
static bool is_listed(const struct sign_place *p, uint64_t thread)
{
	uint64_t list = thread + LIST, next, before;

	return memory_read(p->memory, list, &next, sizeof(next)) && next % sizeof(next) == 0 &&
	       memory_read(p->memory, next + sizeof(next), &before, sizeof(before)) &&
	       next != list && before == list;
}

static bool find_thread(const struct sign_place *p, struct top *t)
{
	for (size_t i = 0; i + HEAD <= WORDS; i += STEP / sizeof(*t->words)) {
		uint64_t thread = t->at + i * sizeof(*t->words);

		if (t->words[i] != thread ||
		    (t->words[i + 2] != thread && !points_back(p, t->words[i + 2], thread)))
			continue;
		for (size_t j = i + HEAD; j + 1 < WORDS; j++) {
			if (!is_stack(t, thread, t->words[j], t->words[j + 1]))
				continue;
			t->is_listed = t->words[i + 2] != thread || is_listed(p, thread);
			return true;
		}
	}
	return false;
}

/* The same for a 32-bit process. */
static bool find_thread_32(struct top *t)
{
	for (size_t i = 0; i + HEAD <= HALVES; i += STEP / sizeof(*t->halves)) {
		uint64_t thread = t->at + i * sizeof(*t->halves);

		if (t->halves[i] != thread || t->halves[i + 2] != thread)
			continue;
		for (size_t j = i + HEAD; j + 1 < HALVES; j++) {
			if (!is_stack(t, thread, t->halves[j], t->halves[j + 1]))
				continue;
			t->is_listed = true;
			return true;
		}
	}
	return false;
}

/* The start of the stack that ends at an address, or 0. It may be in a guard page before. One that
 * is not listed lowers the guess. */
static uint64_t stack_below(const struct sign_place *p, uint64_t end, enum guess *guess)
{
	struct top t = {.at = end - PAGE_BYTES};

	if (end - p->at < STACK_LEAST || !memory_read(p->memory, t.at, t.words, sizeof(t.words)) ||
	    !(find_thread(p, &t) || (end <= UINT32_MAX && find_thread_32(&t))))
		return 0;
	if (t.end != end)
		return 0;
	if (!t.is_listed)
		*guess = GUESS_STACK_LIKELY;
	return t.stack;
}

/* All adjacent stacks, down from the end of the mapping. */
static bool find_down(const struct sign_place *p, struct sign_found *found)
{
	uint64_t start = p->mapping->end, next;
	enum guess guess = GUESS_STACK;

	while (start > p->at && (next = stack_below(p, start, &guess)) != 0)
		start = next > p->at ? next : p->at;
	*found = (struct sign_found){start, p->mapping->end, guess};
	return start < p->mapping->end;
}

/* The end of the stack that begins here, or 0, by trying the usual sizes: powers of two, with a
 * guard page inside or added. Small stacks have guard pages of their own. */
static uint64_t end_of_first(const struct sign_place *p, enum guess *guess)
{
	uint64_t room = p->mapping->end - p->at;

	for (uint64_t power = SEVERAL_LEAST; power <= SEVERAL_MOST && power <= room; power *= 2) {
		if (stack_below(p, p->at + power, guess) == p->at)
			return p->at + power;
		if (power + PAGE_BYTES <= room &&
		    stack_below(p, p->at + power + PAGE_BYTES, guess) == p->at)
			return p->at + power + PAGE_BYTES;
	}
	return 0;
}

/* All adjacent stacks upwards, if other memory follows. */
static bool find_up(const struct sign_place *p, struct sign_found *found)
{
	enum guess guess = GUESS_STACK;
	uint64_t end = end_of_first(p, &guess), size = end - p->at;

	if (end == 0)
		return false;
	while (size <= p->mapping->end - end && stack_below(p, end + size, &guess) == end)
		end += size;
	*found = (struct sign_found){p->at, end, guess};
	return true;
}

/* Fully used memory is hardly a stack, so it is not examined. */
bool sign_stack(const struct sign_place *p, struct sign_found *found)
{
	uint64_t size = p->mapping->end - p->mapping->start;

	if (size % PAGE_BYTES != 0 || p->mapping->counters.bytes[COUNTER_RSS] / 4 * 5 > size)
		return false;
	return find_down(p, found) || find_up(p, found);
}

void sign_stack_pass(const struct mapping *m, struct sign_facts *facts)
{
	bool may_guard = m->name.len == 0 && memcmp(m->perms, "---p", 4) == 0 &&
			 !mapping_has_inode(m) && m->end - m->start <= GUARD_MOST;

	facts->stack.guard_end = may_guard ? m->end : 0;
}

/* Whether about as much is used as lies above the stack pointer, and little of a large area. If
 * more is used, the area may only end in a stack, or the stack was deeper before; its content
 * decides. */
static bool is_used_as_stack(const struct mapping *m, uint64_t pointer)
{
	uint64_t size = m->end - m->start, above = m->end - pointer / PAGE_BYTES * PAGE_BYTES;
	uint64_t used = m->counters.bytes[COUNTER_RSS] + m->counters.bytes[COUNTER_SWAP];

	return above / 2 <= used && used <= above + PAGE_BYTES &&
	       (size < SMALL || used <= size / 2);
}

/* If threads can be recognized by content, a stack with enough pages to be read shows its thread.
 * The stack of a coroutine on which a thread runs counts as a thread's stack. */
enum guess sign_stack_of(const struct mapping *m, uint64_t pointer, const struct sign_facts *facts)
{
	uint64_t size = m->end - m->start;

	if (m->start != facts->stack.guard_end || size < STACK_LEAST ||
	    size > STACK_MOST + STACK_MARGIN ||
	    (THREADS_SHOW && m->counters.bytes[COUNTER_RSS] >= READ_LEAST))
		return GUESS_NONE;
	return is_used_as_stack(m, pointer) ? GUESS_STACK : GUESS_NONE;
}
