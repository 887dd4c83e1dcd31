/* cfi: the stack followed by its rules, against libgcc's unwinder. */
#include "support.h"

#include "heaps/cfi.h"
#include "heaps/owner.h"

#include <execinfo.h>
#include <search.h>

enum { FRAMES = 64, CALLS = 40 };

struct stack {
	uintptr_t cfa, rbp, address;
};

static unsigned compared, stacks;
static volatile unsigned sink;

static bool go_up(struct stack *s)
{
	struct dl_find_object object;
	struct cfi_rule rule;

	if (_dl_find_object((void *)(s->address - 1), &object) < 0 ||
	    !cfi_find(&object, s->address - 1, &rule))
		return false;
	s->cfa = (rule.by_rbp ? s->rbp : s->cfa) + (uintptr_t)(intptr_t)rule.cfa;
	if (rule.rbp_saved)
		s->rbp = *(const uintptr_t *)(s->cfa + (uintptr_t)(intptr_t)rule.rbp);
	s->address = ((const uintptr_t *)s->cfa)[-1];
	return true;
}

/* Compiled so that it has a frame, as what stands in for malloc() is. */
__attribute__((noinline)) static void compare(void)
{
	const uintptr_t *frame = __builtin_frame_address(0);
	struct stack s = {(uintptr_t)(frame + 2), frame[0], frame[1]};
	void *wanted[FRAMES];
	int count = backtrace(wanted, FRAMES), i;

	/* The first one is this function. */
	for (i = 1; i < count; i++) {
		assert_ptr_equal((void *)s.address, wanted[i]);
		compared++;
		if (!go_up(&s))
			break;
	}
	/* Up to the start of the program at least. */
	assert_true(i >= count - 2);
	stacks++;
}

static int by_value(const void *a, const void *b)
{
	compare();
	return *(const int *)a - *(const int *)b;
}

static void visit(const void *node, VISIT when, int depth)
{
	(void)node;
	(void)depth;
	if (when == leaf)
		compare();
}

/* With memory whose size the compiler does not know: its frame is found by rbp. */
__attribute__((noinline)) static void with_alloca(unsigned size, void (*then)(void))
{
	char *memory = __builtin_alloca(size);

	memory[size / 2] = 1;
	then();
	sink += (unsigned char)memory[size / 2];
}

__attribute__((noinline)) static void deeper(unsigned depth)
{
	if (depth > 0)
		deeper(depth - 1);
	else
		with_alloca(100 + depth, compare);
	sink++;
}

static void by_way_of_the_c_library(void **state)
{
	int numbers[CALLS];
	void *tree = NULL;

	(void)state;
	for (int i = 0; i < CALLS; i++)
		numbers[i] = i * 7 % CALLS;
	qsort(numbers, CALLS, sizeof(*numbers), by_value);
	for (int i = 0; i < CALLS; i++)
		tsearch(&numbers[i], &tree, by_value);
	twalk(tree, visit);
	while (tree)
		tdelete(*(int *const *)tree, &tree, by_value);
	assert_true(compared > 1000);
}

static void by_way_of_own_functions(void **state)
{
	(void)state;
	stacks = 0;
	for (unsigned i = 0; i < CALLS; i++)
		deeper(i % 10);
	with_alloca(3000, compare);
	assert_int_equal(stacks, CALLS + 1);
}

static void no_rule(void **state)
{
	struct dl_find_object object;
	struct cfi_rule rule;

	(void)state;
	assert_int_equal(_dl_find_object((void *)(uintptr_t)compare, &object), 0);
	assert_true(cfi_find(&object, (uintptr_t)compare, &rule));
	assert_false(rule.by_rbp);
	assert_int_equal(rule.cfa, sizeof(uintptr_t));
	/* Data is no function. */
	assert_false(cfi_find(&object, (uintptr_t)&compared, &rule));
	object.dlfo_eh_frame = NULL;
	assert_false(cfi_find(&object, (uintptr_t)compare, &rule));
}

static void owners(void **state)
{
	char *const low = (char *)(uintptr_t)(17 * OWNER_CHUNK);
	/* Across two leaves. */
	char *const high = (char *)((uintptr_t)OWNER_CHUNK * OWNER_LEAF * 5 - OWNER_CHUNK);

	(void)state;
	assert_int_equal(owner_of(low), OWNER_NONE);
	assert_true(owner_set(low, OWNER_CHUNK, 5));
	assert_int_equal(owner_of(low - 1), OWNER_NONE);
	assert_int_equal(owner_of(low), 5);
	assert_int_equal(owner_of(low + OWNER_CHUNK - 1), 5);
	assert_int_equal(owner_of(low + OWNER_CHUNK), OWNER_NONE);
	assert_true(owner_set(high, OWNER_CHUNK + 1, 6));
	assert_int_equal(owner_of(high), 6);
	assert_int_equal(owner_of(high + 2 * OWNER_CHUNK - 1), 6);
	assert_int_equal(owner_of(high + 2 * OWNER_CHUNK), OWNER_NONE);
	assert_true(owner_set(high, OWNER_CHUNK + 1, OWNER_NONE));
	assert_int_equal(owner_of(high), OWNER_NONE);
	/* Beyond what user space has. */
	assert_int_equal(owner_of((void *)UINTPTR_MAX), OWNER_NONE);
	assert_false(owner_set((void *)(UINTPTR_MAX - OWNER_CHUNK), 1, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_way_of_the_c_library),
		cmocka_unit_test(by_way_of_own_functions),
		cmocka_unit_test(no_rule),
		cmocka_unit_test(owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
