/* error: texts, codes and overlong texts. */
#include "support.h"

#include <errno.h>

TEST(set_fills_everything)
{
	struct error e = {.number = 5};

	assert_int_equal(error_set(&e, ERROR_USAGE, "no %s %d", "way", 3), -1);
	assert_int_equal(e.code, ERROR_USAGE);
	assert_int_equal(e.number, 0);
	assert_string_equal(e.text, "no way 3");
}

TEST(errno_adds_its_text)
{
	struct error e;

	errno = EACCES;
	assert_int_equal(error_errno(&e, "%s: cannot be opened", "x"), -1);
	assert_int_equal(e.code, ERROR_SYSTEM);
	assert_int_equal(e.number, EACCES);
	assert_string_equal(e.text, "x: cannot be opened: Permission denied");
}

TEST(errno_of_memory_is_memory)
{
	struct error e;

	errno = ENOMEM;
	error_errno(&e, "cannot grow");
	assert_int_equal(e.code, ERROR_MEMORY);
	assert_int_equal(error_memory(&e), -1);
	assert_int_equal(e.code, ERROR_MEMORY);
}

TEST(prefix_keeps_code_and_number)
{
	struct error e;

	errno = EIO;
	error_errno(&e, "cannot be read");
	assert_int_equal(error_prefix(&e, "%s: line %d", "f", 7), -1);
	assert_int_equal(e.code, ERROR_SYSTEM);
	assert_int_equal(e.number, EIO);
	assert_string_equal(e.text, "f: line 7: cannot be read: Input/output error");
}

/* The ends tell what happened, and to what. */
TEST(long_texts_are_cut_in_the_middle)
{
	char name[4096];
	struct error e;

	memset(name, 'n', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	error_set(&e, ERROR_USAGE, "%s: is no file", name);
	assert_in_range(strlen(e.text), sizeof(e.text) - 3, sizeof(e.text) - 1);
	assert_memory_equal(e.text, "/nn", 3);
	assert_contains(e.text, "n ... n");
	assert_contains(e.text, "nn: is no file");
	errno = EIO;
	error_errno(&e, "%s", name);
	assert_contains(e.text, "nn: Input/output error");
	error_prefix(&e, "file %s", name);
	assert_memory_equal(e.text, "file /nn", 8);
	assert_contains(e.text, "nn: Input/output error");
	assert_in_range(strlen(e.text), sizeof(e.text) - 3, sizeof(e.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_everything),
		cmocka_unit_test(errno_adds_its_text),
		cmocka_unit_test(errno_of_memory_is_memory),
		cmocka_unit_test(prefix_keeps_code_and_number),
		cmocka_unit_test(long_texts_are_cut_in_the_middle),
	};

	return RUN(tests);
}
