#include "source/captured_memory.h"

#include "parse/number.h"
#include "source/handle.h"
#include "source/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TEXT_MAX = 16 * 1024 * 1024,
	MOST = 256 * 1024, /* lines of one kind, more than any capture has */
};

struct piece {
	uint64_t object; /* address of the file these bytes belong to; 0 for memory */
	uint64_t at;
	const unsigned char *bytes;
	size_t size; /* 0 for a page that was present */
};

/* Part of a mapping, or a mapping. */
struct stretch {
	struct part part;
	bool was_counted;
};

struct captured_memory {
	struct memory memory; /* first */
	struct io *io;
	struct mapped_files *files;
	uint64_t page_size;
	unsigned char *text;  /* text of the file, in which bytes replace their digits */
	struct piece *pieces; /* by object and address */
	size_t count, capacity;
	struct stretch *stretches; /* by address */
	size_t stretch_count, stretch_capacity;
	struct stack_pointers stacks;
};

/* Parsing. */

static bool add_piece(struct captured_memory *c, const struct piece *piece)
{
	if (c->count == MOST)
		return true;
	if (c->count == c->capacity) {
		size_t capacity = c->capacity ? 2 * c->capacity : 64;
		struct piece *larger = reallocarray(c->pieces, capacity, sizeof(*larger));

		if (!larger)
			return false;
		c->pieces = larger;
		c->capacity = capacity;
	}
	c->pieces[c->count++] = *piece;
	return true;
}

static bool add_stretch(struct captured_memory *c, const struct stretch *stretch)
{
	if (c->stretch_count == MOST)
		return true;
	if (c->stretch_count == c->stretch_capacity) {
		size_t capacity = c->stretch_capacity ? 2 * c->stretch_capacity : 16;
		struct stretch *larger = reallocarray(c->stretches, capacity, sizeof(*larger));

		if (!larger)
			return false;
		c->stretches = larger;
		c->stretch_capacity = capacity;
	}
	c->stretches[c->stretch_count++] = *stretch;
	return true;
}

/* Decodes hexadecimal digits in place. */
static size_t decode(unsigned char *bytes, struct slice digits)
{
	size_t n = 0;

	for (; 2 * n + 1 < digits.len; n++) {
		unsigned high = hex_value(digits.ptr[2 * n]);
		unsigned low = hex_value(digits.ptr[2 * n + 1]);

		if (high >= NO_HEX || low >= NO_HEX)
			break;
		bytes[n] = (unsigned char)(high << 4 | low);
	}
	return n;
}

static bool take_stretch(struct captured_memory *c, uint64_t start, struct slice line)
{
	struct stretch stretch = {.part = {.start = start}};
	struct part *part = &stretch.part;

	if (!take_hex(&line, &part->end))
		return true;
	stretch.was_counted = line.len > 0;
	if (stretch.was_counted &&
	    (!take_byte(&line, ' ') || !take_decimal(&line, &part->resident) ||
	     !take_byte(&line, ' ') || !take_decimal(&line, &part->exclusive) ||
	     !take_byte(&line, ' ') || !take_decimal(&line, &part->swapped) ||
	     !part_is_plausible(part)))
		return true;
	return add_stretch(c, &stretch);
}

static bool take_stack_pointer(struct captured_memory *c, struct slice line)
{
	static const struct slice sign = SLICE_INIT("sp ");
	uint64_t at;

	if (!slice_begins(line, sign))
		return false;
	line = slice_inner(line, sign.len, 0);
	if (take_hex(&line, &at) && line.len == 0)
		stack_pointers_add(&c->stacks, at);
	return true;
}

/* False if out of memory. */
static bool take_one(struct captured_memory *c, struct slice line)
{
	struct piece piece = {.object = 0};

	if (take_stack_pointer(c, line))
		return true;
	if (!take_hex(&line, &piece.at))
		return true;
	if (take_byte(&line, '-'))
		return take_stretch(c, piece.at, line);
	if (take_byte(&line, '+')) {
		piece.object = piece.at;
		if (piece.object == 0 || !take_hex(&line, &piece.at))
			return true;
	}
	if (line.len == 0 && piece.object == 0)
		return add_piece(c, &piece);
	if (!take_byte(&line, ' '))
		return true;
	piece.bytes = c->text + (line.ptr - (const char *)c->text);
	piece.size = decode(c->text + (line.ptr - (const char *)c->text), line);
	return piece.size == 0 || piece.at > UINT64_MAX - piece.size || add_piece(c, &piece);
}

static int by_place(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static int by_start(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	if (x->part.start != y->part.start)
		return x->part.start < y->part.start ? -1 : 1;
	return (x->part.end > y->part.end) - (x->part.end < y->part.end);
}

static bool load(struct captured_memory *c, const struct procdir *dir, size_t *size)
{
	int fd = io_open(c->io, dir, CAPTURED_MEMORY);
	struct stat st;

	free(c->text);
	c->text = NULL;
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size <= TEXT_MAX &&
	    !(c->text = (unsigned char *)copy_read_open(fd, size)))
		io_note(c->io, errno);
	close(fd);
	return c->text != NULL;
}

/* False if out of memory. */
static bool parse(struct captured_memory *c, size_t size)
{
	struct slice text = {(const char *)c->text, size}, line;

	while (take_line(&text, &line)) {
		if (!take_one(c, line))
			return false;
	}
	return true;
}

bool captured_memory_begin(struct captured_memory *c, const struct procdir *dir)
{
	size_t size;

	mapped_files_begin(c->files, dir);
	c->count = c->stretch_count = c->stacks.count = 0;
	if (!load(c, dir, &size))
		return false;
	if (!parse(c, size)) {
		io_note(c->io, ENOMEM);
		return false;
	}
	stack_pointers_sort(&c->stacks);
	if (c->count)
		qsort(c->pieces, c->count, sizeof(*c->pieces), by_place);
	if (c->stretch_count)
		qsort(c->stretches, c->stretch_count, sizeof(*c->stretches), by_start);
	return true;
}

/* Reading. */

/* The first piece that begins after an address; earlier ones can contain it. */
static size_t find_behind(const struct captured_memory *c, uint64_t object, uint64_t at)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct piece *p = &c->pieces[middle];

		if (p->object < object || (p->object == object && p->at <= at))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A place may have been read twice, with more bytes the second time; so some earlier pieces are
 * tried. */
static const struct piece *find_piece(const struct captured_memory *c, uint64_t object, uint64_t at)
{
	enum { BACK = 16 };
	size_t behind = find_behind(c, object, at);

	for (size_t i = behind; i > 0 && behind - i < BACK; i--) {
		const struct piece *p = &c->pieces[i - 1];

		if (p->object == object && at - p->at < p->size)
			return p;
	}
	return NULL;
}

static bool read_pieces(const struct captured_memory *c, uint64_t object, uint64_t at,
			unsigned char *to, size_t size)
{
	while (size > 0) {
		const struct piece *p = find_piece(c, object, at);
		size_t n;

		if (!p)
			return false;
		n = p->size - (size_t)(at - p->at);
		n = n < size ? n : size;
		memcpy(to, p->bytes + (at - p->at), n);
		to += n;
		at += n;
		size -= n;
	}
	return true;
}

static bool read_bytes(struct memory *m, uint64_t at, void *to, size_t size)
{
	return read_pieces((struct captured_memory *)m, 0, at, to, size);
}

static uint64_t next_page(struct memory *m, uint64_t from, uint64_t end)
{
	const struct captured_memory *c = (struct captured_memory *)m;
	uint64_t page = from / c->page_size * c->page_size, found;
	size_t behind;

	if (find_piece(c, 0, from) || find_piece(c, 0, page))
		return from;
	behind = find_behind(c, 0, page ? page - 1 : 0);
	if (behind == c->count || c->pieces[behind].object != 0)
		return end;
	found = c->pieces[behind].at / c->page_size * c->page_size;
	found = found > from ? found : from;
	return found < end ? found : end;
}

static bool find_object(struct memory *m, struct slice name, struct memory_object *object)
{
	return mapped_files_find(((struct captured_memory *)m)->files, name, object);
}

static bool read_file(struct memory *m, const struct memory_object *object, uint64_t offset,
		      void *to, size_t size)
{
	return read_pieces((struct captured_memory *)m, object->start, offset, to, size);
}

struct memory *captured_memory_of(struct captured_memory *c)
{
	return &c->memory;
}

const struct stack_pointers *captured_memory_stacks(const struct captured_memory *c)
{
	return &c->stacks;
}

static const struct stretch *find_stretch(const struct captured_memory *c, uint64_t start,
					  uint64_t end)
{
	const struct stretch wanted = {.part = {.start = start, .end = end}};

	return c->stretch_count ? bsearch(&wanted, c->stretches, c->stretch_count,
					  sizeof(*c->stretches), by_start)
				: NULL;
}

bool captured_memory_has(const struct captured_memory *c, const struct mapping *m)
{
	return find_stretch(c, m->start, m->end) != NULL;
}

/* As counted. Otherwise known only for mappings that are all resident. */
static bool count_part(const struct captured_memory *c, const struct division *d, struct part *part)
{
	const uint64_t *bytes = d->whole->counters.bytes;
	const struct stretch *found = find_stretch(c, part->start, part->end);

	if (found && found->was_counted) {
		*part = found->part;
		return true;
	}
	part->resident = part->end - part->start;
	part->exclusive = bytes[COUNTER_PSS] == bytes[COUNTER_RSS] ? part->resident : 0;
	return bytes[COUNTER_RSS] == d->whole->end - d->whole->start;
}

int captured_memory_count(struct captured_memory *c, struct division *d)
{
	d->swap_known = true;
	for (size_t i = 0; d->count > 1 && i < d->count; i++) {
		if (!count_part(c, d, &d->parts[i])) {
			errno = ENODATA;
			return -1;
		}
	}
	if (d->count > 1)
		d->swap_known = pages_settle_swap(d->parts, d->count,
						  d->whole->counters.bytes[COUNTER_SWAP]);
	return 0;
}

struct captured_memory *captured_memory_new(struct io *io, struct mapped_files *files)
{
	struct captured_memory *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->io = io;
	c->files = files;
	c->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	c->memory = (struct memory){read_bytes, next_page, find_object, read_file};
	return c;
}

void captured_memory_free(struct captured_memory *c)
{
	if (!c)
		return;
	free(c->text);
	free(c->pieces);
	free(c->stretches);
	free(c);
}

bool source_has_content(const struct source *s)
{
	struct error ignored = {.code = ERROR_NONE};
	struct target_list list;
	bool has = false;

	if (!source_is_captured(s) || source_targets(s, &list, &ignored) < 0)
		return false;
	for (size_t i = 0; i < list.count && !has; i++) {
		char prefix[32];
		const struct procdir dir = source_dir(s, prefix);

		snprintf(prefix, sizeof(prefix), "%d/", list.targets[i].pid);
		has = procdir_has(&dir, CAPTURED_MEMORY);
	}
	free(list.targets);
	return has;
}
