/* intern: equal bytes always give one symbol, in any number. */
#include "support.h"

#include "base/intern.h"

enum { MANY = 20000 };

static struct slice numbered(char *buffer, size_t size, int i)
{
	return (struct slice){buffer, (size_t)snprintf(buffer, size, "name %d", i)};
}

TEST(symbols_count_up_from_0)
{
	struct intern t;

	intern_init(&t);
	assert_int_equal(intern(&t, SLICE("a")), 0);
	assert_int_equal(intern(&t, SLICE("b")), 1);
	assert_int_equal(intern(&t, SLICE("a")), 0);
	assert_int_equal(intern(&t, SLICE("")), 2);
	assert_int_equal(intern(&t, SLICE("")), 2);
	assert_int_equal(t.count, 3);
	assert_slice(intern_bytes(&t, 1), "b");
	assert_slice(intern_bytes(&t, 2), "");
	intern_free(&t);
}

TEST(bytes_are_copied)
{
	char name[] = "abc";
	struct intern t;

	intern_init(&t);
	intern(&t, slice_of(name));
	name[0] = 'x';
	assert_slice(intern_bytes(&t, 0), "abc");
	assert_int_equal(intern(&t, slice_of(name)), 1);
	intern_free(&t);
}

TEST(nul_and_length_count)
{
	struct intern t;

	intern_init(&t);
	assert_int_equal(intern(&t, SLICE("a")), 0);
	assert_int_equal(intern(&t, SLICE("a\0")), 1);
	assert_int_equal(intern(&t, SLICE("a\0b")), 2);
	assert_int_equal(intern(&t, SLICE("a\0c")), 3);
	assert_int_equal(intern(&t, SLICE("\0\0\0\0\0\0\0\0")), 4);
	assert_int_equal(intern(&t, SLICE("\0\0\0\0\0\0\0\0\0")), 5);
	assert_slice(intern_bytes(&t, 2), "a\0b");
	intern_free(&t);
}

TEST(no_pointer_is_the_empty_string)
{
	struct intern t;

	intern_init(&t);
	assert_int_equal(intern(&t, (struct slice){NULL, 0}), 0);
	assert_int_equal(intern(&t, SLICE("")), 0);
	intern_free(&t);
}

TEST(many_stay_apart_and_in_place)
{
	const char *first;
	struct intern t;
	char buffer[32];

	intern_init(&t);
	assert_int_equal(intern(&t, numbered(buffer, sizeof(buffer), 0)), 0);
	first = intern_bytes(&t, 0).ptr;
	for (int i = 1; i < MANY; i++)
		assert_int_equal(intern(&t, numbered(buffer, sizeof(buffer), i)), i);
	for (int i = 0; i < MANY; i++) {
		struct slice s = numbered(buffer, sizeof(buffer), i);

		assert_int_equal(intern(&t, s), i);
		assert_true(slice_equals(intern_bytes(&t, (symbol)i), s));
	}
	assert_ptr_equal(intern_bytes(&t, 0).ptr, first);
	intern_free(&t);
}

TEST(a_large_one_among_small_ones)
{
	enum { LARGE = 1000000 };
	char *large = malloc(LARGE);
	struct intern t;

	assert_non_null(large);
	memset(large, 'x', LARGE);
	intern_init(&t);
	intern(&t, SLICE("before"));
	assert_int_equal(intern(&t, (struct slice){large, LARGE}), 1);
	intern(&t, SLICE("behind"));
	assert_slice(intern_bytes(&t, 0), "before");
	assert_int_equal(intern_bytes(&t, 1).len, LARGE);
	assert_memory_equal(intern_bytes(&t, 1).ptr, large, LARGE);
	assert_slice(intern_bytes(&t, 2), "behind");
	assert_int_equal(intern(&t, (struct slice){large, LARGE}), 1);
	free(large);
	intern_free(&t);
}

TEST(all_are_aligned_for_numbers)
{
	struct intern t;

	intern_init(&t);
	for (int i = 0; i < 1000; i++) {
		char buffer[32];
		symbol s = intern(&t, numbered(buffer, sizeof(buffer), i * 37));

		assert_int_equal((uintptr_t)intern_bytes(&t, s).ptr % sizeof(uint64_t), 0);
	}
	intern_free(&t);
}

TEST(reset_forgets_all)
{
	struct intern t;
	char buffer[32];

	intern_init(&t);
	intern_reset(&t); /* of an empty one */
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++)
			assert_int_equal(intern(&t, numbered(buffer, sizeof(buffer), i + round)),
					 i);
		intern_reset(&t);
		assert_int_equal(t.count, 0);
	}
	assert_int_equal(intern(&t, SLICE("new")), 0);
	assert_slice(intern_bytes(&t, 0), "new");
	intern_free(&t);
	assert_int_equal(t.count, 0);
}

TEST(slices_compare_by_bytes)
{
	assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
	assert_true(slice_compare(SLICE("b"), SLICE("a")) > 0);
	assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
	assert_true(slice_compare(SLICE("ab"), SLICE("a")) > 0);
	assert_true(slice_compare(SLICE("\x7f"), SLICE("\x80")) < 0);
	assert_int_equal(slice_compare(SLICE("a\0b"), SLICE("a\0b")), 0);
	assert_int_equal(slice_compare(SLICE(""), SLICE("")), 0);
	assert_true(slice_ends(SLICE("abc"), SLICE("bc")));
	assert_false(slice_ends(SLICE("c"), SLICE("bc")));
	assert_true(slice_begins(SLICE("abc"), SLICE("")));
	assert_false(slice_begins(SLICE("a"), SLICE("ab")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_count_up_from_0),
		cmocka_unit_test(bytes_are_copied),
		cmocka_unit_test(nul_and_length_count),
		cmocka_unit_test(no_pointer_is_the_empty_string),
		cmocka_unit_test(many_stay_apart_and_in_place),
		cmocka_unit_test(a_large_one_among_small_ones),
		cmocka_unit_test(all_are_aligned_for_numbers),
		cmocka_unit_test(reset_forgets_all),
		cmocka_unit_test(slices_compare_by_bytes),
	};

	return RUN(tests);
}
