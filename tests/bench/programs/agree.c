/*
 * agree: to be preloaded; follows the stack of the first thousand malloc() and of every hundredth
 * after them by the rules of src/heaps/cfi.c and by libgcc's unwinder, and writes to the file of
 * $AGREE, when the program ends, how many frames were the same and how many were not.
 */
#include "heaps/cfi.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <unwind.h>

enum { FRAMES = 48, FIRST = 1000, EVERY = 100 };

extern void *__libc_malloc(size_t size);

struct stack {
	uintptr_t cfa, rbp, address;
};

static unsigned long calls, same, other;
static char path[4096];
static __thread int inside;

struct trace {
	int count;
	uintptr_t at[FRAMES];
};

static _Unwind_Reason_Code add(struct _Unwind_Context *context, void *ctx)
{
	struct trace *trace = ctx;

	if (trace->count == FRAMES)
		return _URC_END_OF_STACK;
	trace->at[trace->count++] = (uintptr_t)_Unwind_GetIP(context);
	return _URC_NO_REASON;
}

static int go_up(struct stack *s)
{
	struct dl_find_object object;
	struct cfi_rule rule;

	if (_dl_find_object((void *)(s->address - 1), &object) < 0 ||
	    !cfi_find(&object, s->address - 1, &rule))
		return 0;
	s->cfa = (rule.by_rbp ? s->rbp : s->cfa) + (uintptr_t)(intptr_t)rule.cfa;
	if (rule.rbp_saved)
		s->rbp = *(const uintptr_t *)(s->cfa + (uintptr_t)(intptr_t)rule.rbp);
	s->address = ((const uintptr_t *)s->cfa)[-1];
	return 1;
}

/* Compiled so that it has a frame. */
void *malloc(size_t size)
{
	const uintptr_t *frame = __builtin_frame_address(0);
	struct stack s = {(uintptr_t)(frame + 2), frame[0], frame[1]};
	struct trace trace = {0};
	unsigned long call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);

	if ((call > FIRST && call % EVERY) || inside)
		return __libc_malloc(size);
	inside = 1;
	_Unwind_Backtrace(add, &trace);
	for (int i = 1; i < trace.count; i++) {
		if (trace.at[i] != s.address) {
			/* Not everybody knows where the stack ends. */
			if (trace.at[i] != 0)
				__atomic_add_fetch(&other, 1, __ATOMIC_RELAXED);
			break;
		}
		__atomic_add_fetch(&same, 1, __ATOMIC_RELAXED);
		if (!go_up(&s))
			break;
	}
	inside = 0;
	return __libc_malloc(size);
}

/* PHP has no environment any more when it ends. */
__attribute__((constructor)) static void begin(void)
{
	const char *wanted = getenv("AGREE");

	snprintf(path, sizeof(path), "%s", wanted ? wanted : "");
}

__attribute__((destructor)) static void tell(void)
{
	char text[64];
	int fd = path[0] ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
	int len = snprintf(text, sizeof(text), "%lu %lu\n", same, other);

	if (fd >= 0 && write(fd, text, (size_t)len) != len)
		_exit(99);
}
