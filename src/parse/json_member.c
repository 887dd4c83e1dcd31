#include "parse/json_member.h"

#include "parse/number.h"

static void skip_space(struct slice *s)
{
	while (s->len && strchr(" \t\r\n", s->ptr[0]) && s->ptr[0])
		*s = slice_inner(*s, 1, 0);
}

/* Whether a quote is part of its string: behind an odd number of backslashes. */
static bool is_escaped(const char *begin, const char *quote)
{
	size_t count = 0;

	while (quote - count > begin && quote[-1 - (ptrdiff_t)count] == '\\')
		count++;
	return count % 2;
}

/* Takes a string off the text, without its quotes. */
static bool take_string(struct slice *s, struct slice *string)
{
	const char *begin = s->ptr + 1, *quote = begin;

	if (s->len == 0 || s->ptr[0] != '"')
		return false;
	while ((quote = memchr(quote, '"', s->len - (size_t)(quote - s->ptr))) &&
	       is_escaped(begin, quote))
		quote++;
	if (!quote)
		return false;
	*string = (struct slice){begin, (size_t)(quote - begin)};
	*s = slice_inner(*s, string->len + 2, 0);
	return true;
}

/* Takes an object or an array, of which brackets outside of strings tell the end. */
static bool take_nested(struct slice *s)
{
	struct slice string;
	size_t depth = 0;

	do {
		if (s->len == 0)
			return false;
		if (s->ptr[0] == '"') {
			if (!take_string(s, &string))
				return false;
			continue;
		}
		if (s->ptr[0] == '{' || s->ptr[0] == '[')
			depth++;
		else if (s->ptr[0] == '}' || s->ptr[0] == ']')
			depth--;
		*s = slice_inner(*s, 1, 0);
	} while (depth > 0);
	return true;
}

static bool take_value(struct slice *s, struct slice *value)
{
	const char *begin = s->ptr;
	struct slice string;
	bool whole = true;

	if (s->len == 0)
		return false;
	if (s->ptr[0] == '"') {
		whole = take_string(s, &string);
	} else if (s->ptr[0] == '{' || s->ptr[0] == '[') {
		whole = take_nested(s);
	} else {
		while (s->len && !strchr(",}] \t\r\n", s->ptr[0]))
			*s = slice_inner(*s, 1, 0);
	}
	*value = (struct slice){begin, (size_t)(s->ptr - begin)};
	return whole && value->len > 0;
}

bool json_member(struct slice object, const char *name, struct slice *value)
{
	struct slice key;

	skip_space(&object);
	if (!take_byte(&object, '{'))
		return false;
	do {
		skip_space(&object);
		if (!take_string(&object, &key))
			return false;
		skip_space(&object);
		if (!take_byte(&object, ':'))
			return false;
		skip_space(&object);
		if (!take_value(&object, value))
			return false;
		if (slice_equals(key, slice_of(name)))
			return true;
		skip_space(&object);
	} while (take_byte(&object, ','));
	return false;
}
