#include "parse/process.h"

#include "parse/number.h"

/* Where to store a field, by its number; NULL if it is not wanted. */
static uint64_t *stat_field(struct process_stat *stat, int field)
{
	switch (field) {
	case 4:
		return &stat->parent;
	case 20:
		return &stat->threads;
	case 22:
		return &stat->start_time;
	case 23:
		return &stat->size;
	case 24:
		return &stat->resident;
	case 26:
		return &stat->code;
	case 28:
		return &stat->stack;
	default:
		return NULL;
	}
}

bool parse_stat(struct slice text, char buffer[PROCESS_NAME_MAX], struct process_stat *stat)
{
	enum { FIRST = 3, START_TIME = 22, LAST = 28 };
	const char *open = memchr(text.ptr, '(', text.len);
	const char *close = memrchr(text.ptr, ')', text.len); /* a name may contain other ')' */
	struct slice rest;
	bool found = false;

	if (!open || !close || close < open)
		return false;
	*stat = (struct process_stat){.name.len = (size_t)(close - open) - 1};
	if (stat->name.len > PROCESS_NAME_MAX)
		stat->name.len = PROCESS_NAME_MAX;
	stat->name.ptr = memcpy(buffer, open + 1, stat->name.len);
	rest = slice_inner(text, (size_t)(close - text.ptr) + 1, 0);
	for (int field = FIRST; field <= LAST && take_byte(&rest, ' '); field++) {
		uint64_t *number = stat_field(stat, field);
		const char *end;

		if (number && take_decimal(&rest, number))
			found |= field == START_TIME;
		end = memchr(rest.ptr, ' ', rest.len);
		if (!end)
			break;
		rest = slice_inner(rest, (size_t)(end - rest.ptr), 0);
	}
	return found;
}

bool parse_status_number(struct slice text, struct slice field, uint64_t *number)
{
	struct slice line;

	while (take_line(&text, &line)) {
		if (!slice_begins(line, field))
			continue;
		line = slice_inner(line, field.len, 0);
		skip_blanks(&line);
		return take_decimal(&line, number) > 0;
	}
	return false;
}

bool parse_status_parent(struct slice text, uint64_t *parent)
{
	struct slice line;

	while (take_line(&text, &line)) {
		if (!slice_begins(line, SLICE("PPid:")))
			continue;
		line = slice_inner(line, strlen("PPid:"), 0);
		skip_blanks(&line);
		return take_decimal(&line, parent) > 0 && line.len == 0;
	}
	return false;
}

bool parse_status_uid(struct slice text, uint32_t *uid)
{
	struct slice line;

	while (take_line(&text, &line)) {
		uint64_t real, effective;

		if (!slice_begins(line, SLICE("Uid:")))
			continue;
		line = slice_inner(line, strlen("Uid:"), 0);
		skip_blanks(&line);
		if (!take_decimal(&line, &real))
			return false;
		skip_blanks(&line);
		if (!take_decimal(&line, &effective) || effective > UINT32_MAX)
			return false;
		*uid = (uint32_t)effective;
		return true;
	}
	return false;
}

/* Whether a list such as "cpu,memory" contains a name. */
static bool lists(struct slice controllers, struct slice name)
{
	while (controllers.len) {
		const char *comma = memchr(controllers.ptr, ',', controllers.len);
		size_t len = comma ? (size_t)(comma - controllers.ptr) : controllers.len;

		if (slice_equals((struct slice){controllers.ptr, len}, name))
			return true;
		controllers = slice_inner(controllers, len + (comma != NULL), 0);
	}
	return false;
}

/* A line "hierarchy:controllers:path"; the line of v2 is "0::path". */
struct cgroup_line {
	uint64_t hierarchy;
	struct slice controllers, path;
};

static bool parse_cgroup_line(struct slice text, struct cgroup_line *line)
{
	const char *colon;

	if (!take_decimal(&text, &line->hierarchy) || !take_byte(&text, ':'))
		return false;
	colon = memchr(text.ptr, ':', text.len);
	if (!colon)
		return false;
	line->controllers = (struct slice){text.ptr, (size_t)(colon - text.ptr)};
	line->path = slice_inner(text, line->controllers.len + 1, 0);
	return true;
}

/* How well a line of cgroup tells where memory is accounted, best last. */
enum cgroup_word { WORD_NONE, WORD_AGREED, WORD_SYSTEMD, WORD_V2, WORD_MEMORY };

static enum cgroup_word cgroup_word(const struct cgroup_line *line)
{
	if (lists(line->controllers, SLICE("memory")))
		return WORD_MEMORY;
	if (line->hierarchy == 0 && line->controllers.len == 0)
		return WORD_V2;
	return slice_equals(line->controllers, SLICE("name=systemd")) ? WORD_SYSTEMD : WORD_AGREED;
}

bool parse_cgroup(struct slice text, struct slice *path)
{
	enum cgroup_word best = WORD_NONE;
	bool agree = true;
	struct slice line;

	while (take_line(&text, &line)) {
		struct cgroup_line l;
		enum cgroup_word word;

		if (!parse_cgroup_line(line, &l))
			return false;
		word = cgroup_word(&l);
		if (word == WORD_AGREED && best == WORD_AGREED)
			agree = agree && slice_equals(l.path, *path);
		if (word > best) {
			best = word;
			*path = l.path;
		}
		if (best == WORD_MEMORY)
			break;
	}
	return best != WORD_NONE && (best != WORD_AGREED || agree);
}

/* How many of the text's bytes form whole characters, if the text is UTF-8. */
static size_t whole_characters(struct slice text)
{
	size_t start = text.len, length;
	unsigned char first;

	while (start > 0 && text.len - start < 4) {
		first = (unsigned char)text.ptr[--start];
		length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		if ((first & 0xc0) != 0x80)
			return start + length > text.len ? start : text.len;
	}
	return text.len;
}

/* Removes blanks and NULs from the end of the text. */
static struct slice without_end(struct slice text)
{
	while (text.len && (text.ptr[text.len - 1] == '\0' || text.ptr[text.len - 1] == ' '))
		text.len--;
	return text;
}

bool parse_command(struct slice text, struct slice name, char buffer[PROCESS_COMMAND_SIZE],
		   struct slice *command)
{
	bool cut = text.len > PROCESS_COMMAND_MAX;
	size_t length;

	if (cut)
		text.len = PROCESS_COMMAND_MAX;
	text = without_end(text);
	if (text.len == 0) {
		if (name.len > PROCESS_NAME_MAX)
			name.len = PROCESS_NAME_MAX;
		buffer[0] = '[';
		memcpy(buffer + 1, name.ptr, name.len);
		buffer[name.len + 1] = ']';
		*command = (struct slice){buffer, name.len + 2};
		return name.len > 0;
	}
	length = cut ? whole_characters(text) : text.len;
	for (size_t i = 0; i < length; i++)
		buffer[i] = text.ptr[i] ? text.ptr[i] : ' ';
	if (cut) {
		for (int i = 0; i < 3; i++)
			buffer[length++] = '.';
	}
	*command = (struct slice){buffer, length};
	return true;
}

bool parse_meminfo(struct slice text, struct slice field, uint64_t *bytes)
{
	struct slice line;

	while (take_line(&text, &line)) {
		if (!slice_begins(line, field))
			continue;
		line = slice_inner(line, field.len, 0);
		if (!take_byte(&line, ':'))
			continue;
		skip_blanks(&line);
		return take_decimal(&line, bytes) && slice_equals(line, SLICE(" kB")) &&
		       !__builtin_mul_overflow(*bytes, UINT64_C(1024), bytes);
	}
	return false;
}
