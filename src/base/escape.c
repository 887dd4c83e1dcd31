#include "base/escape.h"

#include "base/textstream.h"

#include <langinfo.h>
#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

size_t utf8_decode(struct slice s, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s.ptr;
	uint32_t value;
	size_t len;

	if (s.len == 0)
		return 0;
	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0)
		len = 2, value = p[0] & 0x1f;
	else if ((p[0] & 0xf0) == 0xe0)
		len = 3, value = p[0] & 0x0f;
	else if ((p[0] & 0xf8) == 0xf0)
		len = 4, value = p[0] & 0x07;
	else
		return 0;
	if (s.len < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return len;
}

bool utf8_valid(struct slice s)
{
	uint32_t code;

	while (s.len) {
		size_t len = utf8_decode(s, &code);

		if (len == 0)
			return false;
		s = slice_inner(s, len, 0);
	}
	return true;
}

bool escape_locale_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

struct range {
	uint32_t first, last;
};

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/* Characters that take up a column but show no ink. */
static bool is_blank(uint32_t code)
{
	static const struct range blanks[] = {
		{0x00a0, 0x00a0}, {0x115f, 0x1160}, {0x1680, 0x1680}, {0x2000, 0x200a},
		{0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x2800, 0x2800},
		{0x3000, 0x3000}, {0x3164, 0x3164}, {0xffa0, 0xffa0}, {0x1d159, 0x1d159},
	};

	return is_in(code, blanks, sizeof(blanks) / sizeof(*blanks));
}

/* Format characters (category Cf of Unicode 15) control text and show nothing; some libraries give
 * a column to those for Arabic numbers. */
static bool is_format(uint32_t code)
{
	static const struct range formats[] = {
		{0x00ad, 0x00ad},   {0x0600, 0x0605},	{0x061c, 0x061c},   {0x06dd, 0x06dd},
		{0x070f, 0x070f},   {0x0890, 0x0891},	{0x08e2, 0x08e2},   {0x180e, 0x180e},
		{0x200b, 0x200f},   {0x202a, 0x202e},	{0x2060, 0x206f},   {0xfeff, 0xfeff},
		{0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f},
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};

	return is_in(code, formats, sizeof(formats) / sizeof(*formats));
}

/* Private use, which each font fills as it likes, and noncharacters. */
static bool is_nobodys(uint32_t code)
{
	static const struct range ranges[] = {
		{0xe000, 0xf8ff}, {0xfdd0, 0xfdef}, {0xf0000, 0x10ffff}};

	return is_in(code, ranges, sizeof(ranges) / sizeof(*ranges)) || (code & 0xfffe) == 0xfffe;
}

/* A character without a column changes the one before it or the direction of text, or is
 * invisible. */
bool escape_is_printable(uint32_t code)
{
	return escape_locale_is_utf8() && iswprint((wint_t)code) && wcwidth((wchar_t)code) > 0 &&
	       !is_blank(code) && !is_format(code) && !is_nobodys(code);
}

/* Escapes like vis(3) with VIS_CSTYLE and VIS_OCTAL. libbsd's vis allocates memory for every byte,
 * and writes uninitialized memory if that fails. */
static void write_byte(FILE *out, unsigned char byte, unsigned char next)
{
	static const char letters[][2] = {{'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'}, {'\b', 'b'},
					  {'\a', 'a'},	{'\v', 'v'}, {'\t', 't'}, {'\f', 'f'}};

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		if (byte == (unsigned char)letters[i][0]) {
			putc('\\', out);
			putc(letters[i][1], out);
			return;
		}
	}
	if (byte >= ' ' && byte < 0x7f)
		putc(byte, out);
	else if (byte == '\0' && (next < '0' || next > '7'))
		fputs("\\0", out);
	else
		fprintf(out, "\\%03o", byte);
}

void escape_write(FILE *out, struct slice s)
{
	while (s.len) {
		uint32_t code;
		size_t len = utf8_decode(s, &code);

		if (len > 1 && escape_is_printable(code)) {
			fwrite(s.ptr, 1, len, out);
			s = slice_inner(s, len, 0);
			continue;
		}
		write_byte(out, (unsigned char)s.ptr[0], s.len > 1 ? (unsigned char)s.ptr[1] : 0);
		s = slice_inner(s, 1, 0);
	}
}

void escape_write_sentence(FILE *out, struct slice s)
{
	while (s.len) {
		size_t plain = s.ptr[0] == '\\' ? 1 : 0;
		const char *next = memchr(s.ptr + plain, '\\', s.len - plain);
		size_t len = next ? (size_t)(next - s.ptr) : s.len;

		fwrite(s.ptr, 1, plain, out);
		escape_write(out, (struct slice){s.ptr + plain, len - plain});
		s = slice_inner(s, len, 0);
	}
}

char *escape_string(struct slice s)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	escape_write(out, s);
	return textstream_close(out, &text) ? text : NULL;
}
