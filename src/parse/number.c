#include "parse/number.h"

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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

size_t take_hex(struct slice *s, uint64_t *value)
{
	uint64_t sum = 0;
	size_t n = 0;

	for (; n < s->len; n++) {
		int digit = hex_digit(s->ptr[n]);

		if (digit < 0)
			break;
		if (sum >> 60)
			return 0;
		sum = sum << 4 | (unsigned)digit;
	}
	if (n == 0)
		return 0;
	*s = slice_inner(*s, n, 0);
	*value = sum;
	return n;
}
