#include "source/captured_memory.h"

#include "parse/number.h"
#include "source/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_MAX = 16 * 1024 * 1024 };

struct piece {
	uint64_t object; /* where the file is mapped of which these bytes are; 0 for memory */
	uint64_t at;
	const unsigned char *bytes;
	size_t size;
};

struct captured_memory {
	struct memory memory; /* first */
	struct io *io;
	struct mapped_files *files;
	uint64_t page_size;
	unsigned char *text;  /* of the file, in which the bytes take the place of their digits */
	struct piece *pieces; /* by object and address */
	size_t count, capacity;
	struct part *parts; /* by address */
	size_t part_count, part_capacity;
};

/* Reading the file. */

static bool add_piece(struct captured_memory *c, const struct piece *piece)
{
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

static bool add_part(struct captured_memory *c, const struct part *part)
{
	if (c->part_count == c->part_capacity) {
		size_t capacity = c->part_capacity ? 2 * c->part_capacity : 16;
		struct part *larger = reallocarray(c->parts, capacity, sizeof(*larger));

		if (!larger)
			return false;
		c->parts = larger;
		c->part_capacity = capacity;
	}
	c->parts[c->part_count++] = *part;
	return true;
}

/* Makes bytes of hexadecimal digits, in their place. */
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

static bool take_counts(struct captured_memory *c, uint64_t start, struct slice line)
{
	struct part part = {.start = start};

	if (!take_hex(&line, &part.end) || !take_byte(&line, ' ') ||
	    !take_decimal(&line, &part.resident) || !take_byte(&line, ' ') ||
	    !take_decimal(&line, &part.exclusive) || !take_byte(&line, ' ') ||
	    !take_decimal(&line, &part.swapped) || part.exclusive > part.resident)
		return true;
	return add_part(c, &part);
}

/* False if out of memory. */
static bool take_one(struct captured_memory *c, struct slice line)
{
	struct piece piece = {.object = 0};

	if (!take_hex(&line, &piece.at))
		return true;
	if (take_byte(&line, '-'))
		return take_counts(c, piece.at, line);
	if (take_byte(&line, '+')) {
		piece.object = piece.at;
		if (piece.object == 0 || !take_hex(&line, &piece.at))
			return true;
	}
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
	const struct part *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

bool captured_memory_begin(struct captured_memory *c, const struct procdir *dir)
{
	struct slice text = io_slurp(c->io, dir, "content"), line;
	struct slice copy;

	mapped_files_begin(c->files, dir);
	c->count = c->part_count = 0;
	free(c->text);
	c->text = NULL;
	if (text.len == 0 || text.len > TEXT_MAX || !(c->text = malloc(text.len)))
		return false;
	memcpy(c->text, text.ptr, text.len);
	copy = (struct slice){(const char *)c->text, text.len};
	while (take_line(&copy, &line)) {
		if (!take_one(c, line))
			return false;
	}
	if (c->count)
		qsort(c->pieces, c->count, sizeof(*c->pieces), by_place);
	if (c->part_count)
		qsort(c->parts, c->part_count, sizeof(*c->parts), by_start);
	return c->count > 0;
}

/* Reading by it. */

/* The first piece that begins behind an address; those before may reach to it. */
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

/* Who looked twice at a place asked for more the second time, perhaps: a few pieces back. */
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

	if (find_piece(c, 0, from))
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

/* As it was counted. Without that it is known of a mapping of which all is resident. */
static bool count_part(const struct captured_memory *c, const struct division *d, struct part *part)
{
	const uint64_t *bytes = d->whole->counters.bytes;
	const struct part *found =
		c->part_count ? bsearch(part, c->parts, c->part_count, sizeof(*part), by_start)
			      : NULL;

	if (found) {
		part->resident = found->resident;
		part->exclusive = found->exclusive;
		part->swapped = found->swapped;
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
	free(c->parts);
	free(c);
}
