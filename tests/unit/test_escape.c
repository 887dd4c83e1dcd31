/* escape: nothing that a process chose reaches a terminal raw, and no two names look the same. */
#include "support.h"

#include "base/escape.h"

#include <locale.h>

static void in_locale(const char *name)
{
	assert_non_null(setlocale(LC_ALL, name));
}

#define assert_escaped(literal, wanted) check(SLICE(literal), (wanted), __LINE__)

static void check(struct slice s, const char *wanted, int line)
{
	char *got = escape_string(s);

	assert_non_null(got);
	if (strcmp(got, wanted) != 0) {
		print_error("got \"%s\", not \"%s\"\n", got, wanted);
		_fail(__FILE__, line);
	}
	free(got);
}

static void check_ascii(void)
{
	assert_escaped("", "");
	assert_escaped("plain name: /x(y) [z] ~ #1", "plain name: /x(y) [z] ~ #1");
	assert_escaped(" lead and trail ", " lead and trail ");
	assert_escaped("a\\b", "a\\\\b");
	assert_escaped("\\", "\\\\");
	assert_escaped("\\012", "\\\\012");
	assert_escaped("a\nb", "a\\nb");
	assert_escaped("a\tb", "a\\tb");
	assert_escaped("a\rb", "a\\rb");
	assert_escaped("\x1b[31mred", "\\033[31mred");
	assert_escaped("\x7f", "\\177");
	assert_escaped("\x01", "\\001");
}

TEST(ascii_in_c)
{
	in_locale("C");
	check_ascii();
}

TEST(ascii_in_utf8)
{
	in_locale("C.UTF-8");
	check_ascii();
}

TEST(no_byte_below_32_and_none_above_126_stays_in_c)
{
	in_locale("C");
	for (int i = 0; i < 256; i++) {
		char byte = (char)i, *text = escape_string((struct slice){&byte, 1});

		assert_non_null(text);
		for (const char *p = text; *p; p++)
			assert_in_range((unsigned char)*p, 0x20, 0x7e);
		assert_true(i == '\\' || (i >= 0x20 && i < 0x7f) == (strlen(text) == 1));
		free(text);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The output must determine the bytes. */
TEST(no_two_pairs_of_bytes_look_the_same)
{
	enum { PAIRS = 65536 };
	char **seen = calloc(PAIRS, sizeof(*seen));
	size_t equal = 0;

	assert_non_null(seen);
	in_locale("C.UTF-8");
	for (int i = 0; i < PAIRS; i++) {
		char bytes[2] = {(char)(i >> 8), (char)i};

		seen[i] = escape_string((struct slice){bytes, 2});
		assert_non_null(seen[i]);
	}
	qsort(seen, PAIRS, sizeof(*seen), by_text);
	for (int i = 1; i < PAIRS; i++)
		equal += strcmp(seen[i - 1], seen[i]) == 0;
	for (int i = 0; i < PAIRS; i++)
		free(seen[i]);
	free(seen);
	assert_int_equal(equal, 0);
}

TEST(a_nul_before_a_digit_is_not_another_byte)
{
	in_locale("C");
	assert_escaped("\0", "\\0");
	assert_escaped("\0001", "\\0001");
	assert_escaped("\0a", "\\0a");
}

TEST(letters_beyond_ascii)
{
	in_locale("C.UTF-8");
	assert_escaped("caf\xc3\xa9", "caf\xc3\xa9");
	assert_escaped("\xe6\xbc\xa2", "\xe6\xbc\xa2");
	assert_escaped("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	in_locale("C");
	assert_escaped("caf\xc3\xa9", "caf\\303\\251");
}

TEST(invalid_utf8)
{
	in_locale("C.UTF-8");
	assert_escaped("\xff", "\\377");
	assert_escaped("\x80", "\\200");
	assert_escaped("\xc3", "\\303");   /* cut short */
	assert_escaped("\xc3z", "\\303z"); /* cut short by a letter */
	assert_escaped("\xe6\xbc", "\\346\\274");
	assert_escaped("\xe6\xbcz", "\\346\\274z");
	assert_escaped("\xc0\xaf", "\\300\\257");	   /* '/' in two bytes */
	assert_escaped("\xe0\x80\xaf", "\\340\\200\\257"); /* in three */
	assert_escaped("\xf0\x80\x80\xaf", "\\360\\200\\200\\257");
	assert_escaped("\xc1\xbf", "\\301\\277");
	assert_escaped("\xed\xa0\x80", "\\355\\240\\200"); /* a surrogate */
	assert_escaped("\xed\xbf\xbf", "\\355\\277\\277");
	assert_escaped("\xf4\x90\x80\x80", "\\364\\220\\200\\200"); /* beyond the last code point */
	assert_escaped("\xf8\x88\x80\x80\x80", "\\370\\210\\200\\200\\200");
}

TEST(c1_controls)
{
	in_locale("C.UTF-8");
	assert_escaped("\xc2\x9b"
		       "31m",
		       "\\302\\23331m");	  /* CSI */
	assert_escaped("\xc2\x85", "\\302\\205"); /* NEL */
	assert_escaped("\x9b"
		       "31m",
		       "\\23331m");
}

TEST(marks_that_deceive)
{
	static const uint32_t marks[] = {
		0x00ad, 0x061c, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e,	 0x200f,  0x2028, 0x2029,
		0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2061,	 0x2066,  0x2067, 0x2068,
		0x2069, 0x206f, 0xfeff, 0xfff9, 0xfffa, 0xfffb, 0xe0001, 0xe0041,
	};

	in_locale("C.UTF-8");
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		assert_false(escape_is_printable(marks[i]));
	assert_escaped("exe.\xe2\x80\xaetxt", "exe.\\342\\200\\256txt");
	assert_escaped("a\xe2\x80\x8b"
		       "b",
		       "a\\342\\200\\213b");
	assert_escaped("\xef\xbb\xbf", "\\357\\273\\277");
}

/* Each range from its first to its last character, and the neighbours. */
TEST(ranges_that_no_terminal_gets)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x80, 0xa0},	    {0x600, 0x605},	{0x6dd, 0x6dd},	    {0x70f, 0x70f},
		{0x890, 0x891},	    {0x8e2, 0x8e2},	{0x200b, 0x200f},   {0x2028, 0x202f},
		{0x2060, 0x206f},   {0xd800, 0xdfff},	{0xe000, 0xf8ff},   {0xfdd0, 0xfdef},
		{0xfe00, 0xfe0f},   {0xfff0, 0xfffb},	{0xfffe, 0xffff},   {0x110bd, 0x110bd},
		{0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
		{0x1fffe, 0x1ffff}, {0x40000, 0xdffff}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
	};
	static const uint32_t beside[] = {0xa1,	  0x606,  0x6de,  0x904,  0x2010, 0x2027,
					  0x2030, 0x2070, 0xf900, 0xfdf0, 0xfffc, 0xfffd};

	in_locale("C.UTF-8");
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		for (uint32_t code = ranges[i].first; code <= ranges[i].last; code++)
			assert_false(escape_is_printable(code));
	}
	for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++)
		assert_true(escape_is_printable(beside[i]));
	assert_escaped("a\xee\x80\x80", "a\\356\\200\\200");
	assert_escaped("\xf3\xb0\x80\x80z", "\\363\\260\\200\\200z");
	assert_escaped("\xd8\x80"
		       "1",
		       "\\330\\2001");
}

/* Letters without ink: names that look the same but are not. */
TEST(blanks_that_look_like_nothing)
{
	static const uint32_t blanks[] = {0x034f, 0x115f, 0x1160, 0x17b4,
					  0x17b5, 0x180b, 0x3164, 0xffa0};

	in_locale("C.UTF-8");
	for (size_t i = 0; i < sizeof(blanks) / sizeof(*blanks); i++)
		assert_false(escape_is_printable(blanks[i]));
}

/* Marks that combine with the letter before them, which may not belong to the name. */
TEST(marks_on_letters)
{
	in_locale("C.UTF-8");
	assert_escaped("e\xcc\x81", "e\\314\\201");
	assert_escaped("\xcc\xb8rm", "\\314\\270rm");
	assert_escaped("a\xe2\x83\x9d", "a\\342\\203\\235");
	assert_escaped("\xe0\xb8\x81\xe0\xb8\xb4", "\xe0\xb8\x81\\340\\270\\264");
}

/* There is only one blank. */
TEST(blanks_that_look_like_a_blank)
{
	static const uint32_t blanks[] = {0x00a0, 0x1680, 0x2000, 0x2003, 0x200a,
					  0x202f, 0x205f, 0x2800, 0x3000, 0x1d159};

	in_locale("C.UTF-8");
	for (size_t i = 0; i < sizeof(blanks) / sizeof(*blanks); i++)
		assert_false(escape_is_printable(blanks[i]));
	assert_escaped("a\xc2\xa0"
		       "b",
		       "a\\302\\240b");
}

TEST(decode_bounds)
{
	uint32_t code = 0;

	assert_int_equal(utf8_decode(SLICE(""), &code), 0);
	assert_int_equal(utf8_decode(SLICE("\0"), &code), 1);
	assert_int_equal(code, 0);
	assert_int_equal(utf8_decode(SLICE("\x7f\x80"), &code), 1);
	assert_int_equal(utf8_decode(SLICE("\xc2\x80"), &code), 2);
	assert_int_equal(code, 0x80);
	assert_int_equal(utf8_decode(SLICE("\xdf\xbf"), &code), 2);
	assert_int_equal(code, 0x7ff);
	assert_int_equal(utf8_decode(SLICE("\xe0\xa0\x80"), &code), 3);
	assert_int_equal(code, 0x800);
	assert_int_equal(utf8_decode(SLICE("\xef\xbf\xbf"), &code), 3);
	assert_int_equal(code, 0xffff);
	assert_int_equal(utf8_decode(SLICE("\xf0\x90\x80\x80"), &code), 4);
	assert_int_equal(code, 0x10000);
	assert_int_equal(utf8_decode(SLICE("\xf4\x8f\xbf\xbf"), &code), 4);
	assert_int_equal(code, 0x10ffff);
	assert_int_equal(utf8_decode(SLICE("\xed\x9f\xbf"), &code), 3);
	assert_int_equal(code, 0xd7ff);
	assert_int_equal(utf8_decode(SLICE("\xee\x80\x80"), &code), 3);
	assert_int_equal(code, 0xe000);
	assert_int_equal(utf8_decode(SLICE("\xf0\x9f\x98"), &code), 0);
}

TEST(valid_means_all_of_it)
{
	assert_true(utf8_valid(SLICE("")));
	assert_true(utf8_valid(SLICE("a\xc3\xa9\xe6\xbc\xa2")));
	assert_false(utf8_valid(SLICE("a\xc3\xa9\xe6\xbc")));
	assert_false(utf8_valid(SLICE("a\xffz")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_in_c),
		cmocka_unit_test(ascii_in_utf8),
		cmocka_unit_test(no_byte_below_32_and_none_above_126_stays_in_c),
		cmocka_unit_test(no_two_pairs_of_bytes_look_the_same),
		cmocka_unit_test(a_nul_before_a_digit_is_not_another_byte),
		cmocka_unit_test(letters_beyond_ascii),
		cmocka_unit_test(invalid_utf8),
		cmocka_unit_test(c1_controls),
		cmocka_unit_test(marks_that_deceive),
		cmocka_unit_test(ranges_that_no_terminal_gets),
		cmocka_unit_test(blanks_that_look_like_nothing),
		cmocka_unit_test(marks_on_letters),
		cmocka_unit_test(blanks_that_look_like_a_blank),
		cmocka_unit_test(decode_bounds),
		cmocka_unit_test(valid_means_all_of_it),
	};

	return RUN(tests);
}
