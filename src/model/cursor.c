#include "model/cursor.h"

#include "parse/number.h"

/* Whether a byte is written as it is in a string. */
static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

void quote_write(FILE *out, struct slice s)
{
	putc('"', out);
	for (size_t i = 0; i < s.len; i++) {
		if (is_plain(s.ptr[i]))
			putc(s.ptr[i], out);
		else
			fprintf(out, "\\x%02x", (unsigned char)s.ptr[i]);
	}
	putc('"', out);
}

bool cursor_malformed(struct cursor *c, const char *what)
{
	error_set(c->e, ERROR_MALFORMED, "line %zu: %s", c->line, what);
	return false;
}

static bool take_text(struct slice *s, const char *text)
{
	struct slice prefix = slice_of(text);

	if (!slice_begins(*s, prefix))
		return false;
	*s = slice_inner(*s, prefix.len, 0);
	return true;
}

bool cursor_take(struct cursor *c, const char *text)
{
	return take_text(&c->text, text);
}

bool cursor_take_field(struct cursor *c, const char *name, const char *relation)
{
	struct slice s = c->text;

	if (!take_byte(&s, ' ') || !take_text(&s, name) || !take_text(&s, relation))
		return false;
	c->text = s;
	return true;
}

bool cursor_take_word(struct cursor *c, const char *word)
{
	return cursor_take_field(c, word, "");
}

bool cursor_expect(struct cursor *c, const char *text)
{
	if (cursor_take(c, text))
		return true;
	error_set(c->e, ERROR_MALFORMED, "line %zu: expected \"%s\"", c->line, text);
	return false;
}

bool cursor_byte(struct cursor *c, char byte)
{
	return take_byte(&c->text, byte) || cursor_malformed(c, "unexpected text");
}

bool cursor_end_line(struct cursor *c)
{
	if (!cursor_byte(c, '\n'))
		return false;
	c->line++;
	return true;
}

typedef size_t take_digits_fn(struct slice *s, uint64_t *value);

static bool read_digits(struct cursor *c, take_digits_fn *take, uint64_t max, uint64_t *value)
{
	struct slice before = c->text;
	size_t n = take(&c->text, value);

	if (n == 0 || *value > max || (n > 1 && before.ptr[0] == '0'))
		return cursor_malformed(c, "invalid number");
	return true;
}

bool cursor_decimal(struct cursor *c, uint64_t max, uint64_t *value)
{
	return read_digits(c, take_decimal, max, value);
}

bool cursor_hex(struct cursor *c, uint64_t *value)
{
	return read_digits(c, take_hex, UINT64_MAX, value);
}

bool cursor_word(struct cursor *c, const char *const *words, unsigned count, unsigned *index)
{
	for (unsigned i = 0; i < count; i++) {
		if (cursor_take_word(c, words[i])) {
			*index = i;
			return true;
		}
	}
	return cursor_malformed(c, "unknown word");
}

/* Takes an escaped byte; fails if it did not need escaping. */
static bool take_escaped(struct slice *s, char *byte)
{
	unsigned value;

	if (s->len < 4 || !take_text(s, "\\x"))
		return false;
	value = hex_value(s->ptr[0]) << 4 | hex_value(s->ptr[1]);
	*byte = (char)value;
	*s = slice_inner(*s, 2, 0);
	return value < NO_HEX && !is_plain(*byte);
}

bool cursor_string(struct cursor *c, struct slice *string)
{
	struct slice s = c->text;
	char *end = c->strings;

	if (!take_byte(&s, '"'))
		return cursor_malformed(c, "expected a string");
	while (!take_byte(&s, '"')) {
		if (s.len && is_plain(s.ptr[0])) {
			*end++ = s.ptr[0];
			s = slice_inner(s, 1, 0);
		} else if (!take_escaped(&s, end++)) {
			return cursor_malformed(c, "invalid string");
		}
	}
	*string = (struct slice){c->strings, (size_t)(end - c->strings)};
	c->strings = end;
	c->text = s;
	return true;
}
