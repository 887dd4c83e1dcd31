/* memory_log: what a capture keeps of what was read. */
#include "support.h"

#include "fake_memory.h"
#include "source/memory_log.h"

static struct fake_memory fake;
static struct memory_log l;
static char *text;

static int set_up(void **state)
{
	(void)state;
	fake_memory_init(&fake);
	memory_log_begin(&l, &fake.memory);
	text = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_log_free(&l);
	l = (struct memory_log){.count = 0};
	free(text);
	return 0;
}

static const char *written(void)
{
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	memory_log_write(&l, out);
	fclose(out);
	assert_false(l.no_memory);
	return text;
}

static void read_at(uint64_t at, size_t size)
{
	char bytes[2 * FAKE_PAGE];

	assert_true(memory_read(&l.memory, at, bytes, size));
}

TEST(each_byte_is_there_once)
{
	fake_memory_put(&fake, 0x1000, "abcdefgh", 8);
	read_at(0x1002, 2);
	read_at(0x1000, 4);
	read_at(0x1003, 3);
	read_at(0x1007, 1);
	read_at(0x1007, 1);
	assert_string_equal(written(), "1000 616263646566\n1007 68\n");
}

TEST(what_cannot_be_read_is_not_there)
{
	char bytes[4];

	fake_memory_put(&fake, 0x1000, "abcd", 4);
	assert_false(memory_read(&l.memory, 0x3000, bytes, 4));
	assert_int_equal(memory_next(&l.memory, 0x2000, 0x9000), 0x9000);
	assert_string_equal(written(), "");
}

TEST(pages_that_are_there)
{
	fake_memory_put(&fake, 0x1000, "a", 1);
	fake_memory_put(&fake, 0x3000, "b", 1);
	fake_memory_put(&fake, 0x5000, "c", 1);
	assert_int_equal(memory_next(&l.memory, 0x2000, 0x9000), 0x3000);
	assert_int_equal(memory_next(&l.memory, 0x3010, 0x9000), 0x3010);
	assert_int_equal(memory_next(&l.memory, 0x4000, 0x9000), 0x5000);
	assert_int_equal(memory_next(&l.memory, 0x1000, 0x9000), 0x1000);
	read_at(0x1000, 1);
	read_at(0x5010, 1);
	assert_string_equal(written(), "1000 61\n3000\n5010 00\n");
}

TEST(bytes_of_files)
{
	struct memory_object object;
	char bytes[4];

	fake_memory_map(&fake, "prog", 0x400000, "wxyz", 4);
	fake_memory_put(&fake, 0x1000, "a", 1);
	assert_true(memory_find(&l.memory, SLICE("prog"), &object));
	assert_true(memory_read_file(&l.memory, &object, 1, bytes, 2));
	assert_false(memory_read_file(&l.memory, &object, 3, bytes, 2));
	read_at(0x1000, 1);
	assert_string_equal(written(), "1000 61\n400000+1 7879\n");
}

TEST(mappings_and_their_parts)
{
	const struct mapping m = {.start = 0x1000, .end = 0x4000};
	const struct part parts[] = {{.start = 0x1000, .end = 0x2000, .resident = 4096},
				     {.start = 0x2000,
				      .end = 0x4000,
				      .resident = 8192,
				      .exclusive = 4096,
				      .swapped = 1}};

	memory_log_look(&l, &m);
	memory_log_count(&l, parts, 2);
	assert_string_equal(written(), "1000-4000\n1000-2000 4096 0 0\n2000-4000 8192 4096 1\n");
}

/* A second reading of a process. */
TEST(it_begins_anew)
{
	const struct mapping m = {.start = 0x1000, .end = 0x4000};

	fake_memory_put(&fake, 0x1000, "ab", 2);
	read_at(0x1000, 2);
	memory_log_look(&l, &m);
	memory_log_begin(&l, &fake.memory);
	read_at(0x1001, 1);
	assert_string_equal(written(), "1001 62\n");
}

/* Lines are not endless, and neither is the whole. */
TEST(there_is_a_bound)
{
	for (size_t i = 0; i < 3; i++)
		fake_memory_put(&fake, 0x1000 + i * FAKE_PAGE, "a", 1);
	read_at(0x1000, 2 * FAKE_PAGE);
	assert_non_null(strstr(written(), "\n2000 61"));
	memory_log_begin(&l, &fake.memory);
	free(text);
	for (size_t i = 0; i < 1024; i++)
		read_at(0x1000, FAKE_PAGE);
	read_at(0x3000, 1);
	assert_null(strstr(written(), "\n3000 61"));
}

int main(void)
{
#define WITH_LOG(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_LOG(each_byte_is_there_once),  WITH_LOG(what_cannot_be_read_is_not_there),
		WITH_LOG(pages_that_are_there),	    WITH_LOG(bytes_of_files),
		WITH_LOG(mappings_and_their_parts), WITH_LOG(it_begins_anew),
		WITH_LOG(there_is_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
