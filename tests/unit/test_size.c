/* size: formats bytes for people. */
#include "support.h"

#include "render/size.h"

static void check(uint64_t bytes, enum units units, const char *wanted, int line)
{
	char text[SIZE_TEXT_MAX];

	size_format(bytes, units, text);
	if (strcmp(text, wanted) != 0) {
		print_error("%ju is \"%s\", not \"%s\"\n", (uintmax_t)bytes, text, wanted);
		_fail(__FILE__, line);
	}
}

#define assert_size(bytes, units, wanted) check((bytes), (units), (wanted), __LINE__)

TEST(by_itself)
{
	assert_size(0, UNITS_AUTO, "0");
	assert_size(1, UNITS_AUTO, "1");
	assert_size(999, UNITS_AUTO, "999");
	assert_size(1024, UNITS_AUTO, "1.0K");
	assert_size(1536, UNITS_AUTO, "1.5K");
	assert_size(4096, UNITS_AUTO, "4.0K");
	assert_size(10 * 1024, UNITS_AUTO, "10K");
	assert_size(312 * 1024, UNITS_AUTO, "312K");
	assert_size(1024 * 1024, UNITS_AUTO, "1.0M");
	assert_size(UINT64_C(1500000000), UNITS_AUTO, "1.4G");
	assert_size(UINT64_C(5) << 40, UNITS_AUTO, "5.0T");
	assert_size(UINT64_C(5) << 50, UNITS_AUTO, "5.0P");
	assert_size(INT64_MAX, UNITS_AUTO, "8.0E");
	assert_size(UINT64_MAX, UNITS_AUTO, "8.0E");
}

/* No size takes five columns. */
TEST(by_itself_it_is_short)
{
	for (int shift = 0; shift < 64; shift++) {
		for (int less = -1; less <= 1; less++) {
			uint64_t bytes = (UINT64_C(1) << shift) + (uint64_t)(int64_t)less;
			char text[SIZE_TEXT_MAX];

			size_format(bytes, UNITS_AUTO, text);
			assert_in_range(strlen(text), 1, 4);
		}
	}
}

TEST(in_units)
{
	assert_size(0, UNITS_BYTES, "0");
	assert_size(UINT64_MAX, UNITS_BYTES, "18446744073709551615");
	assert_size(0, UNITS_KIB, "0K");
	assert_size(4096, UNITS_KIB, "4K");
	assert_size(UINT64_MAX, UNITS_KIB, "18014398509481983K");
	assert_size(0, UNITS_MIB, "0.0M");
	assert_size(1536 * 1024, UNITS_MIB, "1.5M");
	assert_size(UINT64_MAX, UNITS_MIB, "17592186044416.0M");
	assert_size(UINT64_C(1) << 30, UNITS_GIB, "1.00G");
	assert_size(UINT64_C(3) << 28, UNITS_GIB, "0.75G");
	assert_size(UINT64_MAX, UNITS_GIB, "17179869184.00G");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_itself),
		cmocka_unit_test(by_itself_it_is_short),
		cmocka_unit_test(in_units),
	};

	return RUN(tests);
}
