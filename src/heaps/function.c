#include "heaps/function.h"

#include "heaps/heap.h"
#include "preload/caller.h"
#include "preload/sandboxed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	HEAPS = 64,	    /* heaps of functions */
	ENOUGH = 256 << 10, /* bytes */
	DOUBLED_AFTER = 8,  /* heaps */
	TRIES = 16,
};

enum { COUNTING, NAMING, NAMED };

static struct function {
	uintptr_t start;
	size_t asked; /* bytes */
	uint16_t library, heap;
	int state;
} functions[FUNCTION_LIMIT];

/* The number of functions with a heap. */
static unsigned heaps;

static bool is(struct function *f, uintptr_t start, unsigned library)
{
	uintptr_t none = 0;

	/* Another thread may just have taken the entry and not yet written its library. */
	if (__atomic_compare_exchange_n(&f->start, &none, start, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		__atomic_store_n(&f->library, (uint16_t)library, __ATOMIC_RELEASE);
		return true;
	}
	return none == start && __atomic_load_n(&f->library, __ATOMIC_ACQUIRE) == library;
}

unsigned function_find(uintptr_t start, unsigned library)
{
	uint64_t hash = start * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	for (unsigned i = 0; i < TRIES; i++) {
		unsigned at = (unsigned)((hash + i) % FUNCTION_LIMIT);

		if (is(&functions[at], start, library))
			return at;
	}
	return FUNCTION_LIMIT;
}

static bool has_asked_enough(size_t asked)
{
	return asked >= (size_t)ENOUGH << __atomic_load_n(&heaps, __ATOMIC_RELAXED) / DOUBLED_AFTER;
}

/* A function without a symbol is named by its address in the file, for addr2line(1). */
static unsigned make_heap(const struct function *f)
{
	static const char prefix[] = "malloc: ";
	char name[ANONMEM_NAME_MAX + 1], text[ANONMEM_NAME_MAX + sizeof(prefix) + 32];
	unsigned known = heap_end(), heap;
	uintptr_t start = __atomic_load_n(&f->start, __ATOMIC_RELAXED);
	uint64_t offset;

	if (!caller_name(start + 1, true, name))
		return f->library;
	if (strchr(name, ':') || !caller_offset(start, &offset))
		snprintf(text, sizeof(text), "%s%s", prefix, name);
	else
		snprintf(text, sizeof(text), "%s%s:0x%llx (no symbol)", prefix, name,
			 (unsigned long long)offset);
	text[ANONMEM_NAME_MAX] = '\0';
	heap = heap_find(text);
	if (heap >= known)
		__atomic_add_fetch(&heaps, 1, __ATOMIC_RELAXED);
	return heap;
}

static void name(struct function *f)
{
	int counting = COUNTING, before = errno;

	/* Another thread may be naming it, or the code that this signal handler interrupts. */
	if (!__atomic_compare_exchange_n(&f->state, &counting, NAMING, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return;
	f->heap = (uint16_t)make_heap(f);
	__atomic_store_n(&f->state, NAMED, __ATOMIC_RELEASE);
	errno = before;
}

struct function_answer function_ask(unsigned function, size_t size)
{
	struct function *f = &functions[function];
	size_t asked;

	if (__atomic_load_n(&f->state, __ATOMIC_ACQUIRE) == NAMED)
		return (struct function_answer){f->heap, true};
	/* Files can no longer be opened to look up names. */
	if (sandboxed || __atomic_load_n(&heaps, __ATOMIC_RELAXED) >= HEAPS)
		return (struct function_answer){f->library, true};
	asked = __atomic_add_fetch(&f->asked, size, __ATOMIC_RELAXED);
	if (has_asked_enough(asked))
		name(f);
	if (__atomic_load_n(&f->state, __ATOMIC_ACQUIRE) == NAMED)
		return (struct function_answer){f->heap, true};
	return (struct function_answer){f->library, false};
}
