#include "serve/accept.h"

#include <ctype.h>
#include <strings.h>

/* in thousandths */
enum { WEIGHT_MOST = 1000 };

static struct slice trim(struct slice s)
{
	while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = slice_inner(s, 1, 0);
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s = slice_inner(s, 0, 1);
	return s;
}

/* Takes the part before the separator, or everything, off the text. */
static struct slice take_part(struct slice *text, char separator)
{
	const char *end = text->len ? memchr(text->ptr, separator, text->len) : NULL;
	size_t len = end ? (size_t)(end - text->ptr) : text->len;
	struct slice part = {text->ptr, len};

	*text = slice_inner(*text, len + (end != NULL), 0);
	return trim(part);
}

static bool is_word(struct slice s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.ptr, word, s.len) == 0;
}

/* A weight such as "0.75"; 0 if it is malformed. */
static unsigned parse_weight(struct slice s)
{
	unsigned weight = 0, unit = WEIGHT_MOST;

	if (s.len == 0 || s.len > 5 || (s.ptr[0] != '0' && s.ptr[0] != '1') ||
	    (s.len > 1 && s.ptr[1] != '.'))
		return 0;
	weight = (unsigned)(s.ptr[0] - '0') * WEIGHT_MOST;
	for (size_t i = 2; i < s.len; i++) {
		if (!isdigit((unsigned char)s.ptr[i]))
			return 0;
		unit /= 10;
		weight += (unsigned)(s.ptr[i] - '0') * unit;
	}
	return weight <= WEIGHT_MOST ? weight : 0;
}

struct choice {
	struct slice name, version;
	unsigned weight;
};

static struct choice take_choice(struct slice *header)
{
	struct slice text = take_part(header, ',');
	struct choice c = {.name = take_part(&text, ';'), .weight = WEIGHT_MOST};

	while (text.len) {
		struct slice value = take_part(&text, ';'), key = take_part(&value, '=');

		value = trim(value);
		if (is_word(key, "q"))
			c.weight = parse_weight(value);
		else if (is_word(key, "version"))
			c.version = value;
	}
	return c;
}

bool accept_openmetrics(struct slice header)
{
	unsigned open = 0, text = 0;

	while (header.len) {
		const struct choice c = take_choice(&header);

		if (is_word(c.name, "application/openmetrics-text") &&
		    (c.version.len == 0 || slice_equals(c.version, SLICE("1.0.0")))) {
			if (c.weight > open)
				open = c.weight;
		} else if (is_word(c.name, "text/plain") && c.weight > text) {
			text = c.weight;
		}
	}
	return open > 0 && open >= text;
}

bool accept_gzip(struct slice header)
{
	bool any = false;

	while (header.len) {
		const struct choice c = take_choice(&header);

		if (is_word(c.name, "gzip") || is_word(c.name, "x-gzip"))
			return c.weight > 0;
		if (is_word(c.name, "*"))
			any = c.weight > 0;
	}
	return any;
}
