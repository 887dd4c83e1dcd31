/* stack_pointers: what /proc says of the threads of a process. */
#include "support.h"

#include "source/stack_pointers.h"

#include <fcntl.h>
#include <unistd.h>

static const char *parse(const char *text)
{
	static char found[32];
	uint64_t at;

	if (!stack_pointer_parse(slice_of(text), &at))
		return "none";
	snprintf(found, sizeof(found), "%jx", (uintmax_t)at);
	return found;
}

TEST(a_thread_that_waits_has_one)
{
	assert_string_equal(parse("202 0x1 0x0 0x2 0x0 0x0 0x0 0x7f00aabbcc10 0x7f1122334455\n"),
			    "7f00aabbcc10");
	assert_string_equal(parse("-1 0x7f00aabbcc10 0x7f1122334455\n"), "7f00aabbcc10");
}

TEST(other_text_has_none)
{
	assert_string_equal(parse("running\n"), "none");
	assert_string_equal(parse(""), "none");
	assert_string_equal(parse("\n"), "none");
	assert_string_equal(parse("-1 0x\n"), "none");
	assert_string_equal(parse("-1 0x 0x1\n"), "none");
	assert_string_equal(parse("-1 12 0x1\n"), "none");
	assert_string_equal(parse("-1 0x1z 0x1\n"), "none");
	assert_string_equal(parse("-1  0x1\n"), "none");
}

TEST(those_of_all_threads_but_the_main_one)
{
	struct io io = {.pid = 7};
	struct stack_pointers stacks;
	char *root = tree_make();
	const struct procdir dir = {.fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				    .prefix = "7/"};

	assert_true(dir.fd >= 0);
	stack_pointers_read(&stacks, &io, &dir);
	assert_int_equal(stacks.count, 0);
	tree_write(root, "7/task/7/syscall", SLICE("-1 0x5000 0x1\n"));
	tree_write(root, "7/task/8/syscall", SLICE("-1 0x9000 0x1\n"));
	tree_write(root, "7/task/9/syscall", SLICE("running\n"));
	tree_write(root, "7/task/10/syscall", SLICE("-1 0x3000 0x1\n"));
	tree_mkdir(root, "7/task/11");
	stack_pointers_read(&stacks, &io, &dir);
	assert_int_equal(stacks.count, 2);
	assert_int_equal(stack_pointers_find(&stacks, 0, 0x3000), 0);
	assert_int_equal(stack_pointers_find(&stacks, 0, 0x10000), 0x3000);
	assert_int_equal(stack_pointers_find(&stacks, 0x3000, 0x3001), 0x3000);
	assert_int_equal(stack_pointers_find(&stacks, 0x3001, 0x9000), 0);
	assert_int_equal(stack_pointers_find(&stacks, 0x8000, 0xa000), 0x9000);
	assert_int_equal(stack_pointers_find(&stacks, 0x9001, UINT64_MAX), 0);
	close(dir.fd);
	tree_remove(root);
}

TEST(threads_are_bounded)
{
	struct stack_pointers stacks = {.count = 0};

	for (uint64_t i = 0; i < 2 * STACK_POINTERS; i++)
		stack_pointers_add(&stacks, 1000 - i);
	stack_pointers_sort(&stacks);
	assert_int_equal(stacks.count, STACK_POINTERS);
	assert_int_equal(stack_pointers_find(&stacks, 0, UINT64_MAX), 1001 - STACK_POINTERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_that_waits_has_one),
		cmocka_unit_test(other_text_has_none),
		cmocka_unit_test(those_of_all_threads_but_the_main_one),
		cmocka_unit_test(threads_are_bounded),
	};

	return RUN(tests);
}
