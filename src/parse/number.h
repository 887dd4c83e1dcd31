/*
 * number: digits at the head of a slice, as /proc prints them.
 *
 * Each function takes the digits off the slice and returns how many there were. 0 means that there
 * was none or that the number does not fit into 64 bits; the slice is then left as it was.
 */
#ifndef PARSE_NUMBER_H
#define PARSE_NUMBER_H

#include "base/slice.h"

#include <stdint.h>

size_t take_decimal(struct slice *s, uint64_t *value);

/* Lower case only: the kernel prints no other. */
size_t take_hex(struct slice *s, uint64_t *value);

enum { NO_HEX = 0x10000 };

/* The value of a lower-case hexadecimal digit; NO_HEX for any other byte. */
static inline unsigned hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : NO_HEX;
}

/* Takes one given byte off the slice; false if another one is there. */
static inline bool take_byte(struct slice *s, char byte)
{
	if (s->len == 0 || s->ptr[0] != byte)
		return false;
	*s = slice_inner(*s, 1, 0);
	return true;
}

/* Takes "Key:" off the slice, a word of letters, digits and underscores. */
static inline bool take_key(struct slice *s, struct slice *key)
{
	size_t n = 0;

	while (n < s->len &&
	       ((s->ptr[n] >= 'a' && s->ptr[n] <= 'z') || (s->ptr[n] >= 'A' && s->ptr[n] <= 'Z') ||
		(s->ptr[n] >= '0' && s->ptr[n] <= '9') || s->ptr[n] == '_'))
		n++;
	if (n == 0 || n == s->len || s->ptr[n] != ':')
		return false;
	*key = (struct slice){s->ptr, n};
	*s = slice_inner(*s, n + 1, 0);
	return true;
}

static inline void skip_blanks(struct slice *s)
{
	while (s->len && (s->ptr[0] == ' ' || s->ptr[0] == '\t'))
		*s = slice_inner(*s, 1, 0);
}

/* Takes the bytes before the next space off the slice, and the blanks behind them. */
static inline struct slice take_word(struct slice *line)
{
	struct slice word = {line->ptr, 0};

	while (word.len < line->len && line->ptr[word.len] != ' ')
		word.len++;
	*line = slice_inner(*line, word.len, 0);
	skip_blanks(line);
	return word;
}

/* Takes a line without its newline off the slice; the last one need not have a newline. False at
 * the end. */
static inline bool take_line(struct slice *s, struct slice *line)
{
	const char *end;

	if (s->len == 0)
		return false;
	end = memchr(s->ptr, '\n', s->len);
	*line = (struct slice){s->ptr, end ? (size_t)(end - s->ptr) : s->len};
	*s = slice_inner(*s, line->len + (end != NULL), 0);
	return true;
}

#endif
