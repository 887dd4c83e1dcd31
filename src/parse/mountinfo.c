#include "parse/mountinfo.h"

#include "parse/number.h"

/* Takes a word and the blank after it; false if the word is empty. */
static bool take_field(struct slice *line, struct slice *word)
{
	const char *blank = memchr(line->ptr, ' ', line->len);

	*word = (struct slice){line->ptr, blank ? (size_t)(blank - line->ptr) : line->len};
	*line = slice_inner(*line, word->len + (blank != NULL), 0);
	return word->len > 0;
}

static bool take_device(struct slice *line, struct mount *mount)
{
	uint64_t major, minor;

	if (!take_decimal(line, &major) || !take_byte(line, ':') || !take_decimal(line, &minor) ||
	    !take_byte(line, ' ') || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	mount->dev_major = (uint32_t)major;
	mount->dev_minor = (uint32_t)minor;
	return true;
}

/* "24 27 0:6 / /dev rw,relatime shared:2 - devtmpfs devtmpfs rw": there may be any number of
 * optional fields. */
static bool parse_line(struct slice line, struct mount *mount)
{
	struct slice word;

	mount->options = (struct slice){NULL, 0};
	if (!take_field(&line, &word) || !take_field(&line, &word) || !take_device(&line, mount) ||
	    !take_field(&line, &mount->root) || !take_field(&line, &mount->point))
		return false;
	while (take_field(&line, &word)) {
		if (!slice_equals(word, SLICE("-")))
			continue;
		if (!take_field(&line, &mount->type))
			return false;
		if (take_field(&line, &word))
			take_field(&line, &mount->options);
		return true;
	}
	return false;
}

bool take_mount(struct slice *text, struct mount *mount)
{
	struct slice line;

	while (take_line(text, &line)) {
		if (parse_line(line, mount))
			return true;
	}
	return false;
}
