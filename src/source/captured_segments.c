#include "source/captured_segments.h"

#include "parse/number.h"
#include "source/copy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct captured_segment {
	struct segment_id id;
	struct segment_facts facts;
	struct slice name; /* unescaped, in the text */
};

struct captured_segments {
	char *text;
	struct captured_segment *list; /* by id */
	size_t count;
};

void captured_segments_free(struct captured_segments *c)
{
	if (!c)
		return;
	free(c->text);
	free(c->list);
	free(c);
}

static int by_id(const void *a, const void *b)
{
	const struct captured_segment *x = a, *y = b;

	return memcmp(&x->id, &y->id, sizeof(x->id));
}

static bool take_number(struct slice *line, uint64_t *number)
{
	return take_byte(line, ' ') && take_decimal(line, number) > 0;
}

static bool take_amount(struct slice *line, uint64_t *number, bool *known)
{
	*known = false;
	if (line->len >= 2 && line->ptr[0] == ' ' && line->ptr[1] == '-') {
		*line = slice_inner(*line, 2, 0);
		return true;
	}
	*known = take_number(line, number);
	return *known;
}

/* In the place where it stands. */
static struct slice unescape(char *text, size_t len)
{
	char *to = text;

	for (size_t i = 0; i < len; i++) {
		bool newline = len - i >= 4 && memcmp(text + i, "\\012", 4) == 0;
		bool backslash = len - i >= 4 && memcmp(text + i, "\\134", 4) == 0;

		*to++ = newline ? '\n' : text[i];
		i += newline || backslash ? 3 : 0;
	}
	return (struct slice){text, (size_t)(to - text)};
}

static bool parse_line(struct captured_segments *c, struct slice line, struct captured_segment *s)
{
	uint64_t major, minor;
	bool size, allocated;

	*s = (struct captured_segment){.name = {"", 0}};
	if (!take_decimal(&line, &major) || !take_byte(&line, ':') ||
	    !take_decimal(&line, &minor) || major > UINT32_MAX || minor > UINT32_MAX ||
	    !take_number(&line, &s->id.inode) || !take_number(&line, &s->id.space) ||
	    !take_amount(&line, &s->facts.size, &size) ||
	    !take_amount(&line, &s->facts.allocated, &allocated) ||
	    !take_amount(&line, &s->facts.swapped, &s->facts.swapped_known))
		return false;
	s->id.dev_major = (uint32_t)major;
	s->id.dev_minor = (uint32_t)minor;
	s->facts.known = allocated;
	if (line.len > 0 && !take_byte(&line, ' '))
		return false;
	if (line.len > 0)
		s->name = unescape(c->text + (line.ptr - c->text), line.len);
	return true;
}

static int parse(struct captured_segments *c, size_t size, struct error *e)
{
	struct slice text = {c->text, size}, line;
	size_t room = 1;

	for (size_t i = 0; i < size; i++)
		room += c->text[i] == '\n';
	c->list = calloc(room, sizeof(*c->list));
	if (!c->list)
		return error_memory(e);
	while (take_line(&text, &line)) {
		if (!parse_line(c, line, &c->list[c->count]))
			return error_set(e, ERROR_MALFORMED,
					 CAPTURED_SEGMENTS ": line %zu: invalid", c->count + 1);
		c->count++;
	}
	if (c->count > 1)
		qsort(c->list, c->count, sizeof(*c->list), by_id);
	return 0;
}

struct captured_segments *captured_segments_read(const struct procdir *root, struct error *e)
{
	struct captured_segments *c;
	size_t size;
	char *text = copy_read(root, CAPTURED_SEGMENTS, &size);

	if (!text)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		free(text);
		error_memory(e);
		return NULL;
	}
	c->text = text;
	if (parse(c, size, e) == 0)
		return c;
	captured_segments_free(c);
	return NULL;
}

void captured_segments_find(const struct captured_segments *c, const struct segment_id *id,
			    struct segment_facts *facts)
{
	const struct captured_segment wanted = {.id = *id};
	const struct captured_segment *found =
		c->count ? bsearch(&wanted, c->list, c->count, sizeof(wanted), by_id) : NULL;

	*facts = found ? found->facts : (struct segment_facts){.known = false};
}

bool captured_segments_list(const struct captured_segments *c, bool only_sysv, segment_fn *found,
			    void *ctx)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct captured_segment *s = &c->list[i];

		if (s->name.len == 0 || (only_sysv && s->id.space == SPACE_NONE))
			continue;
		if (!found(ctx, &s->id, s->name, &s->facts))
			return false;
	}
	return true;
}

static void write_amount(FILE *out, bool known, uint64_t bytes)
{
	if (known)
		fprintf(out, " %" PRIu64, bytes);
	else
		fputs(" -", out);
}

void captured_segments_write(FILE *out, const struct segment_id *id, struct slice name,
			     const struct segment_facts *facts)
{
	fprintf(out, "%" PRIu32 ":%" PRIu32 " %" PRIu64 " %" PRIu64, id->dev_major, id->dev_minor,
		id->inode, id->space);
	write_amount(out, facts->known, facts->size);
	write_amount(out, facts->known, facts->allocated);
	write_amount(out, facts->swapped_known, facts->swapped);
	if (name.len)
		putc(' ', out);
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '\n')
			fputs("\\012", out);
		else if (name.ptr[i] == '\\')
			fputs("\\134", out);
		else
			putc(name.ptr[i], out);
	}
	putc('\n', out);
}
