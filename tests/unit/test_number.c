/* number: parses digits at the start of a slice, rejecting anything beyond 64 bits. */
#include "support.h"

#include "parse/number.h"

#define assert_decimal(literal, wanted, rest)                                                      \
	do {                                                                                       \
		struct slice s_ = SLICE(literal);                                                  \
		uint64_t value_ = 77;                                                              \
		assert_int_equal(take_decimal(&s_, &value_), sizeof(literal) - sizeof(rest));      \
		assert_true(value_ == (wanted));                                                   \
		assert_slice(s_, rest);                                                            \
	} while (0)

#define assert_hex(literal, wanted, rest)                                                          \
	do {                                                                                       \
		struct slice s_ = SLICE(literal);                                                  \
		uint64_t value_ = 77;                                                              \
		assert_int_equal(take_hex(&s_, &value_), sizeof(literal) - sizeof(rest));          \
		assert_true(value_ == (wanted));                                                   \
		assert_slice(s_, rest);                                                            \
	} while (0)

TEST(decimal)
{
	assert_decimal("0", 0, "");
	assert_decimal("12 kB", 12, " kB");
	assert_decimal("007x", 7, "x");
	assert_decimal("18446744073709551615", UINT64_MAX, "");
	assert_decimal("0000000000000000000000000018446744073709551615", UINT64_MAX, "");
}

TEST(no_decimal_leaves_all_as_it_was)
{
	assert_decimal("", 77, "");
	assert_decimal("-1", 77, "-1");
	assert_decimal("+1", 77, "+1");
	assert_decimal(" 1", 77, " 1");
	assert_decimal("x", 77, "x");
}

TEST(decimal_past_64_bits_leaves_all_as_it_was)
{
	assert_decimal("18446744073709551616", 77, "18446744073709551616");
	assert_decimal("18446744073709551620", 77, "18446744073709551620");
	assert_decimal("99999999999999999999999 kB", 77, "99999999999999999999999 kB");
}

TEST(hex)
{
	assert_hex("0", 0, "");
	assert_hex("00400000-", 0x400000, "-");
	assert_hex("ffffffffffffffff rest", UINT64_MAX, " rest");
	assert_hex("0000000000000000000ffffffffff601000", UINT64_C(0xffffffffff601000), "");
	assert_hex("7fG", 0x7f, "G");
}

TEST(no_hex_leaves_all_as_it_was)
{
	assert_hex("", 77, "");
	assert_hex("x1", 77, "x1");
	assert_hex("ABC", 77, "ABC");
	assert_hex("10000000000000000", 77, "10000000000000000");
	assert_hex("fffffffffffffffff", 77, "fffffffffffffffff");
}

TEST(upper_case_ends_hex)
{
	assert_hex("aBc", 0xa, "Bc");
}

/* Eight bytes are parsed at once; every byte at every position must count as it does alone. */
TEST(hex_of_any_bytes)
{
	for (size_t len = 1; len <= 20; len++) {
		for (size_t at = 0; at < len; at++) {
			for (int byte = 0; byte < 256; byte++) {
				char text[20];
				struct slice s = {text, len};
				uint64_t value = 77, wanted = 0;
				size_t n = 0;

				memset(text, '0', sizeof(text));
				memcpy(text + (len > 9 ? len - 9 : 0), "a1b9c0f23",
				       len < 9 ? len : 9);
				text[at] = (char)byte;
				while (n < len && text[n] && strchr("0123456789abcdef", text[n])) {
					const char *digit = strchr("0123456789abcdef", text[n++]);

					if (wanted >> 60) {
						n = 0;
						break;
					}
					wanted = wanted << 4 | (16 - strlen(digit));
				}
				assert_int_equal(take_hex(&s, &value), n);
				assert_true(value == (n ? wanted : 77));
				assert_int_equal(s.len, len - n);
			}
		}
	}
}

TEST(bytes_and_blanks)
{
	struct slice s = SLICE("a \t b");

	assert_false(take_byte(&s, 'b'));
	assert_slice(s, "a \t b");
	assert_true(take_byte(&s, 'a'));
	skip_blanks(&s);
	assert_slice(s, "b");
	skip_blanks(&s);
	assert_true(take_byte(&s, 'b'));
	assert_false(take_byte(&s, 'b'));
	skip_blanks(&s);
	assert_int_equal(s.len, 0);
}

TEST(lines)
{
	struct slice s = SLICE("one\n\nthree"), line;

	assert_true(take_line(&s, &line));
	assert_slice(line, "one");
	assert_true(take_line(&s, &line));
	assert_slice(line, "");
	assert_true(take_line(&s, &line));
	assert_slice(line, "three");
	assert_false(take_line(&s, &line));
	s = SLICE("one\n");
	assert_true(take_line(&s, &line));
	assert_slice(line, "one");
	assert_false(take_line(&s, &line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal),
		cmocka_unit_test(no_decimal_leaves_all_as_it_was),
		cmocka_unit_test(decimal_past_64_bits_leaves_all_as_it_was),
		cmocka_unit_test(hex),
		cmocka_unit_test(no_hex_leaves_all_as_it_was),
		cmocka_unit_test(upper_case_ends_hex),
		cmocka_unit_test(hex_of_any_bytes),
		cmocka_unit_test(bytes_and_blanks),
		cmocka_unit_test(lines),
	};

	return RUN(tests);
}
