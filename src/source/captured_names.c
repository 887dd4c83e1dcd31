#include "source/captured_names.h"

#include "label/text.h"
#include "parse/number.h"
#include "source/copy.h"

#include <anonmem/anonmem.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static bool take_blank_and_number(struct slice *line, uint64_t *number)
{
	return take_byte(line, ' ') && take_decimal(line, number) > 0;
}

/* The name becomes a string in the place where it stands. */
static bool take_name(struct slice *line, const char **name)
{
	*name = NULL;
	if (line->len == 0)
		return true;
	if (!take_byte(line, ' ') || line->len > ANONMEM_NAME_MAX)
		return false;
	for (size_t i = 0; i < line->len; i++) {
		if (!text_allows((unsigned char)line->ptr[i]))
			return false;
	}
	*name = line->ptr;
	return true;
}

static bool parse_line(struct slice line, struct part *part)
{
	*part = (struct part){.start = 0};
	return take_hex(&line, &part->start) && take_byte(&line, '-') &&
	       take_hex(&line, &part->end) && take_blank_and_number(&line, &part->resident) &&
	       take_blank_and_number(&line, &part->exclusive) &&
	       take_blank_and_number(&line, &part->swapped) &&
	       take_blank_and_number(&line, &part->protected) && part_is_plausible(part) &&
	       take_name(&line, &part->name);
}

/* Lines end in newlines; so there is a byte behind each name, for a NUL. */
static bool parse(struct captured_names *c, size_t size)
{
	struct slice text = {c->text, size}, line;
	size_t room = 0;

	for (size_t i = 0; i < size; i++)
		room += c->text[i] == '\n';
	if (size > 0 && c->text[size - 1] != '\n')
		return false;
	c->parts = calloc(room + 1, sizeof(*c->parts));
	while (c->parts && take_line(&text, &line)) {
		struct part *part = &c->parts[c->count];

		if (!parse_line(line, part) || (c->count > 0 && part[-1].end > part->start))
			return false;
		c->text[line.ptr + line.len - c->text] = '\0';
		c->count++;
	}
	return c->parts != NULL;
}

bool captured_names_read(struct captured_names *c, const struct procdir *dir, bool *damaged)
{
	size_t size;
	char *text = copy_read(dir, CAPTURED_NAMES, &size);
	bool known;

	*damaged = !text && errno != ENOENT;
	captured_names_free(c);
	if (!text)
		return false;
	c->text = text;
	known = parse(c, size);
	*damaged = !known;
	if (!known)
		captured_names_free(c);
	return known;
}

void captured_names_free(struct captured_names *c)
{
	free(c->text);
	free(c->parts);
	c->text = NULL;
	c->parts = NULL;
	c->count = c->next = 0;
}

size_t captured_names_of(struct captured_names *c, const struct mapping *m,
			 const struct part **parts)
{
	uint64_t at = m->start;
	size_t count = 0;

	while (c->next < c->count && c->parts[c->next].start < m->start)
		c->next++;
	*parts = c->parts + c->next;
	while (c->next + count < c->count && (*parts)[count].start == at &&
	       (*parts)[count].end <= m->end)
		at = (*parts)[count++].end;
	return at == m->end ? count : 0;
}

void captured_names_write(FILE *out, const struct part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out,
			"%" PRIx64 "-%" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			"%s%s\n",
			parts[i].start, parts[i].end, parts[i].resident, parts[i].exclusive,
			parts[i].swapped, parts[i].protected, parts[i].name ? " " : "",
			parts[i].name ? parts[i].name : "");
}
