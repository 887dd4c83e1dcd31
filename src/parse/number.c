#include "parse/number.h"

#include <endian.h>

size_t take_decimal(struct slice *s, uint64_t *value)
{
	uint64_t sum = 0;
	size_t n = 0;

	for (; n < s->len; n++) {
		unsigned digit = (unsigned char)s->ptr[n] - (unsigned)'0';

		if (digit > 9)
			break;
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return 0;
	}
	if (n == 0)
		return 0;
	*s = slice_inner(*s, n, 0);
	*value = sum;
	return n;
}

enum { WORD = sizeof(uint64_t) };

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * Counts the hexadecimal digits at the start of eight bytes (the first byte is the lowest) and
 * computes their value. Works on all bytes at once, without carries between them: adding 0x80 - n
 * to a byte below 0x80 sets its highest bit if the byte is n or more.
 */
static unsigned hex_digits(uint64_t word, uint64_t *value)
{
	const uint64_t high = EACH_BYTE(0x80);
	uint64_t ascii = word & ~high;
	uint64_t decimal = ascii ^ EACH_BYTE(0x30), letter = ascii ^ EACH_BYTE(0x60);
	uint64_t no_decimal = decimal + EACH_BYTE(0x80 - 10);
	uint64_t no_letter = (letter + EACH_BYTE(0x80 - 7)) | ~(letter + EACH_BYTE(0x80 - 1));
	uint64_t other = ((no_decimal & no_letter) | word) & high;
	unsigned n = other ? (unsigned)__builtin_ctzll(other) / 8 : WORD;
	uint64_t v;

	if (n == 0)
		return 0;
	v = word << 8 * (WORD - n); /* zeros before the first digit, nothing after the last */
	v = (v & EACH_BYTE(0x0f)) + 9 * (v >> 6 & EACH_BYTE(1));
	v = (v << 4 | v >> 8) & UINT64_C(0x00ff00ff00ff00ff);
	v = (v << 8 | v >> 16) & UINT64_C(0x0000ffff0000ffff);
	*value = (v << 16 | v >> 32) & UINT64_C(0xffffffff);
	return n;
}

/* The same near the end of a text, where fewer than eight bytes are left. */
static unsigned hex_digits_of_few(const char *p, size_t left, uint64_t *value)
{
	uint64_t word = 0;

	memcpy(&word, p, left);
	return hex_digits(le64toh(word), value);
}

size_t take_hex(struct slice *s, uint64_t *value)
{
	uint64_t sum = 0, part = 0, word;
	size_t taken = 0;
	unsigned n;

	for (;;) {
		size_t left = s->len - taken;

		if (left >= WORD) {
			memcpy(&word, s->ptr + taken, WORD);
			n = hex_digits(le64toh(word), &part);
		} else {
			n = hex_digits_of_few(s->ptr + taken, left, &part);
		}
		if (n == 0)
			break;
		if (sum >> (64 - 4 * n))
			return 0;
		sum = sum << 4 * n | part;
		taken += n;
		if (n < WORD)
			break;
	}
	if (taken == 0)
		return 0;
	*s = slice_inner(*s, taken, 0);
	*value = sum;
	return taken;
}
