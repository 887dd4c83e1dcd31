/*
 * number: parses numbers at the start of a slice, as /proc prints them.
 *
 * Each function takes the digits off the slice and returns how many there were. It returns 0, and
 * leaves the slice alone, if there were none or the number does not fit into 64 bits.
 */
#ifndef PARSE_NUMBER_H
#define PARSE_NUMBER_H

#include "base/slice.h"

#include <stdint.h>

size_t take_decimal(struct slice *s, uint64_t *value);

/* Lower case only, as the kernel prints it. */
size_t take_hex(struct slice *s, uint64_t *value);

enum { NO_HEX = 0x10000 };

/* The value of a lower-case hexadecimal digit; NO_HEX for any other byte. */
static inline unsigned hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : NO_HEX;
}

/* Takes the given byte off the slice; false if the slice does not begin with it. */
static inline bool take_byte(struct slice *s, char byte)
{
	if (s->len == 0 || s->ptr[0] != byte)
		return false;
	*s = slice_inner(*s, 1, 0);
	return true;
}

/* Takes "Key:" off the slice; the key consists of letters, digits and underscores. */
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

/* Returns the slice without blanks and carriage returns at its end. */
static inline struct slice trim_end(struct slice s)
{
	while (s.len &&
	       (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t' || s.ptr[s.len - 1] == '\r'))
		s.len--;
	return s;
}

/* The same, without blanks at its start either. */
static inline struct slice trim(struct slice s)
{
	skip_blanks(&s);
	return trim_end(s);
}

/* Takes the bytes before the next space off the slice, and the blanks after them. */
static inline struct slice take_word(struct slice *line)
{
	struct slice word = {line->ptr, 0};

	while (word.len < line->len && line->ptr[word.len] != ' ')
		word.len++;
	*line = slice_inner(*line, word.len, 0);
	skip_blanks(line);
	return word;
}

/* Takes a line off the slice and sets *line to it without the newline, which may be missing on the
 * last line. False at the end. */
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
