#include "parse/template.h"

#include "parse/number.h"
#include "parse/separator.h"

#include <endian.h>

enum {
	DIGITS = 8,
	KIB_SHIFT = 10,
	WORDS = 8, /* of a block that is compared at a time */
	BLOCK = WORDS * sizeof(uint64_t),
};

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

static uint64_t load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/*
 * Converts eight bytes, blanks and then at least one digit, to a number; false if they are anything
 * else. The arithmetic works on all bytes at once: a digit is 0x30 to 0x39 and a blank 0x20, so bit
 * 0x10 tells them apart and the low half of each byte is its value.
 */
static bool convert(const char *text, uint64_t *number)
{
	uint64_t word = le64toh(load(text));
	uint64_t value = word & EACH_BYTE(0x0f);
	uint64_t digits = word >> 4 & EACH_BYTE(1); /* 1 in each byte that may be a digit */
	uint64_t blanks = ~(digits * 0xff);

	if ((word & EACH_BYTE(0xe0)) != EACH_BYTE(0x20) ||     /* neither digit nor blank */
	    (value & blanks) != 0 ||			       /* 0x21 to 0x2f */
	    ((value + EACH_BYTE(6)) & EACH_BYTE(0x10)) != 0 || /* 0x3a to 0x3f */
	    (blanks & (blanks + 1)) != 0 ||		       /* a blank after a digit */
	    blanks == UINT64_MAX)
		return false;
	/* The first digit is in the lowest byte: join neighbours, then pairs, then fours. */
	value = (value * 10 + (value >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	value = (value * 100 + (value >> 16)) & UINT64_C(0x0000ffff0000ffff);
	*number = (value * 10000 + (value >> 32)) & UINT64_C(0xffffffff);
	return true;
}

/* Parses "Key:    123 kB" or, for a field that is not a size, without the unit. Sets the key and
 * the position where the number ends. */
static bool parse_field(struct slice line, struct slice *key, size_t *end, bool *is_size)
{
	struct slice rest = line;
	uint64_t ignored;
	size_t digits;

	if (!take_key(&rest, key) || field_repeats_header(*key))
		return false;
	skip_blanks(&rest);
	digits = take_decimal(&rest, &ignored);
	if (digits == 0 || digits > DIGITS)
		return false;
	*end = (size_t)(rest.ptr - line.ptr);
	*is_size = slice_equals(rest, SLICE(" kB"));
	/* The window of digits must not reach into the key. */
	return (*is_size || rest.len == 0) && *end >= key->len + 1 + DIGITS;
}

static bool add_field(struct template *f, struct slice line, unsigned *expected)
{
	struct template_field *field = &f->fields[f->field_count];
	struct slice key;
	bool is_size;
	size_t end;
	int counter;

	if (!parse_field(line, &key, &end, &is_size))
		return false;
	counter = counter_find(key, expected);
	if (counter >= 0 ? !is_size || counters_know(&f->counters, (enum counter)counter)
			 : !separator_is_field(key))
		return false; /* an error that the general parser explains */
	if (counter < 0)
		f->marks |= field_mark(key, f->counters.known);
	field->at = (uint16_t)(f->length + end - DIGITS);
	field->counter = (int16_t)counter;
	memset(f->fixed + field->at, 0, DIGITS);
	if (counter >= 0)
		f->counters.known |= COUNTER_BIT(counter);
	f->field_count++;
	return true;
}

static bool read_field(struct template *f, const struct template_field *field, const char *text)
{
	uint64_t number;

	if (!convert(text + field->at, &number))
		return false;
	if (field->counter >= 0)
		f->counters.bytes[field->counter] = number << KIB_SHIFT;
	return true;
}

bool template_learn(struct template *f, struct slice text)
{
	const char *begin = text.ptr;
	unsigned expected = 0;
	struct slice line;

	*f = (struct template){.length = 0};
	memset(f->fixed, 0xff, sizeof(f->fixed));
	while (memchr(text.ptr, '\n', text.len) && take_line(&text, &line)) {
		if (f->field_count < TEMPLATE_FIELDS_MAX &&
		    f->length + line.len < TEMPLATE_BYTES_MAX && add_field(f, line, &expected)) {
			f->length += line.len + 1;
			f->lines++;
			continue;
		}
		/* The first line that does not fit ends the numbers. It becomes the tail if it has
		 * a key that is not a counter; if it is a counter, something is wrong that the
		 * general parser explains. */
		struct slice rest = line, key;

		if (!take_key(&rest, &key) || field_repeats_header(key) ||
		    !separator_is_field(key) || counter_find(key, &expected) >= 0 ||
		    f->length < BLOCK || key.len >= TEMPLATE_TAIL_MAX)
			break;
		f->marks |= field_mark(key, f->counters.known);
		f->tail_length = key.len + 1;
		memcpy(f->tail, line.ptr, f->tail_length);
		memcpy(f->last, begin, f->length);
		for (unsigned i = 0; i < f->field_count; i++) {
			if (!read_field(f, &f->fields[i], begin))
				f->length = 0;
		}
		return f->length > 0;
	}
	f->length = 0;
	return false;
}

/* Collects in `differs` where a block differs in anything but digits. Compilers vectorize a loop of
 * constant length. */
static void compare_block(const struct template *f, const char *text, size_t at, uint64_t *differs)
{
	for (size_t w = 0; w < WORDS; w++, at += sizeof(uint64_t))
		differs[w] |= (load(text + at) ^ load(f->last + at)) & load(f->fixed + at);
}

/* Whether the text differs from the previous entry only in numbers. */
static bool same_frame(const struct template *f, const char *text)
{
	uint64_t differs[WORDS] = {0}, all = 0;

	for (size_t at = 0; at + BLOCK <= f->length; at += BLOCK)
		compare_block(f, text, at, differs);
	compare_block(f, text, f->length - BLOCK,
		      differs); /* the rest; overlaps the block before */
	for (size_t w = 0; w < WORDS; w++)
		all |= differs[w];
	return all == 0;
}

/* On failure, f->counters are inconsistent, and the caller discards the template. */
static bool read_changes(struct template *f, const char *text)
{
	for (unsigned i = 0; i < f->field_count; i++) {
		const struct template_field *field = &f->fields[i];

		if (load(text + field->at) != load(f->last + field->at) &&
		    !read_field(f, field, text))
			return false;
	}
	return true;
}

size_t template_match(struct template *f, struct slice text, unsigned *lines, bool *changed)
{
	const char *tail = text.ptr + f->length, *newline;

	if (text.len < f->length + f->tail_length || memcmp(tail, f->tail, f->tail_length) != 0)
		return 0;
	newline = memchr(tail, '\n', text.len - f->length);
	if (!newline)
		return 0;
	*changed = memcmp(text.ptr, f->last, f->length) != 0;
	if (*changed) {
		if (!same_frame(f, text.ptr))
			return 0;
		if (!read_changes(f, text.ptr)) {
			f->length = 0;
			return 0;
		}
		memcpy(f->last, text.ptr, f->length);
	}
	*lines = f->lines + 1;
	return (size_t)(newline - text.ptr) + 1;
}
