#include "parse/json_member.h"

#include "support.h"

static void assert_member(const char *object, const char *name, const char *want)
{
	struct slice value;
	bool found = json_member(slice_of(object), name, &value);

	assert_int_equal(found, want != NULL);
	if (want && !slice_equals(value, slice_of(want)))
		fail_msg("%s: \"%.*s\", not \"%s\"", object, (int)value.len, value.ptr, want);
}

static void members(void **state)
{
	static const char object[] =
		" {\"a\" : 1,\"b\":[1,{\"x\":\"]}\"},[]],\n\"c\":{\"b\":\"no\"} , \"d\":\"say "
		"\\\"}\\\\\",\"e\":null,\"b\":2,\"f\":-1.5e3}";

	(void)state;
	assert_member(object, "a", "1");
	assert_member(object, "b", "[1,{\"x\":\"]}\"},[]]");
	assert_member(object, "c", "{\"b\":\"no\"}");
	assert_member(object, "d", "\"say \\\"}\\\\\"");
	assert_member(object, "e", "null");
	assert_member(object, "f", "-1.5e3");
	assert_member(object, "x", NULL);
	assert_member("{}", "a", NULL);
}

static void malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"\"a\"",
		"{",
		"{\"a",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":}",
		"{\"a\" 1}",
		"{a:1}",
		"{\"a\":\"",
		"{\"a\":\"x\\",
		"{\"a\":[",
		"{\"a\":[\"",
		"{\"b\":1 \"a\":2}",
		"{\"b\":{]\"a\":1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_member(texts[i], "a", NULL);
	/* Nothing behind the text counts. */
	assert_false(
		json_member((struct slice){"{\"a\":\"x\"}", 7}, "a", &(struct slice){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
