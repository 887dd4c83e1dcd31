#include "render/metric_value.h"

#include "base/escape.h"

#include <ctype.h>

/* What is cut off is marked. */
static const struct slice mark = {"...", 3}, replacement = {"\xef\xbf\xbd", 3};

/* Controls, and what hides, joins or reorders other text (categories Cc, Cf, Zl, Zp of Unicode).
 * The locale is no help: a service has none. */
static bool is_visible(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {{0x00, 0x1f},	 {0x7f, 0x9f},	   {0xad, 0xad},     {0x061c, 0x061c},
		      {0x180e, 0x180e},	 {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
		      {0xfe00, 0xfe0f},	 {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff},
		      {0xe0000, 0xe0fff}};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	}
	return true;
}

static size_t count_hex(struct slice s, bool *has_digit)
{
	size_t n = 0;

	*has_digit = false;
	while (n < s.len && isxdigit((unsigned char)s.ptr[n]))
		*has_digit |= isdigit((unsigned char)s.ptr[n++]) != 0;
	return n;
}

/* The length of a number at the start of s: an id of hexadecimal digits, or decimal ones. One digit
 * behind a letter belongs to a name, such as v8 or python3. */
static size_t number_length(struct slice s, bool behind_letter)
{
	enum { ID = 8 };
	bool has_digit;
	size_t hex = count_hex(s, &has_digit), n = 0;

	if (hex >= ID && has_digit && !behind_letter)
		return hex;
	while (n < s.len && isdigit((unsigned char)s.ptr[n]))
		n++;
	return n == 1 && behind_letter ? 0 : n;
}

/* Takes the next piece off the name: its bytes as they are to be shown. */
static struct slice next_piece(struct slice *name, bool folds, bool behind_letter)
{
	size_t number = folds ? number_length(*name, behind_letter) : 0;
	struct slice piece = {"*", 1};
	uint32_t code;
	size_t len;

	if (number) {
		*name = slice_inner(*name, number, 0);
		return piece;
	}
	len = utf8_decode(*name, &code);
	piece = len && is_visible(code) ? (struct slice){name->ptr, len} : replacement;
	*name = slice_inner(*name, len ? len : 1, 0);
	return piece;
}

struct slice metric_value(struct slice name, bool folds, char buffer[METRIC_VALUE_MAX])
{
	size_t used = 0, room = 0; /* what fits before the mark of a cut */
	bool letter = false;

	while (name.len) {
		const struct slice piece = next_piece(&name, folds, letter);

		if (used + piece.len > METRIC_VALUE_MAX) {
			memcpy(buffer + room, mark.ptr, mark.len);
			return (struct slice){buffer, room + mark.len};
		}
		memcpy(buffer + used, piece.ptr, piece.len);
		used += piece.len;
		letter = isalpha((unsigned char)piece.ptr[0]) != 0;
		if (used + mark.len <= METRIC_VALUE_MAX)
			room = used;
	}
	return (struct slice){buffer, used};
}

static void write_value(struct slice value, FILE *out)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (value.ptr[i] == '"' || value.ptr[i] == '\\')
			putc('\\', out);
		putc(value.ptr[i], out);
	}
}

void metric_label_write(bool first, const char *name, struct slice value, FILE *out)
{
	fprintf(out, "%s%s=\"", first ? "" : ",", name);
	write_value(value, out);
	putc('"', out);
}

bool metric_can_have(enum key key)
{
	return key == KEY_LABEL || key == KEY_SUBSYSTEM || key == KEY_KIND || key == KEY_NAME ||
	       key == KEY_USER || key == KEY_CGROUP || key == KEY_CONTAINER || key == KEY_POD ||
	       key == KEY_UNIT;
}

bool metric_folds(enum key key)
{
	return key == KEY_LABEL || key == KEY_SUBSYSTEM || key == KEY_NAME || key == KEY_UNIT ||
	       key == KEY_CGROUP;
}
