#include "source/memory_log.h"

#include "base/textstream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BYTES_MOST = 4 * 1024 * 1024,
	PIECES_MOST = 64 * 1024,
	LINE_BYTES = 4096,
};

struct logged_piece {
	uint64_t object; /* address of the file; 0 for memory */
	uint64_t at;
	size_t size;   /* 0 for a page known to be present */
	size_t in_log; /* offset of the bytes */
};

static void *grow(void *array, size_t *capacity, size_t count, size_t size)
{
	enum { FIRST = 64 };
	size_t larger = *capacity ? *capacity : FIRST;

	while (larger < count)
		larger *= 2;
	array = reallocarray(array, larger, size);
	if (array)
		*capacity = larger;
	return array;
}

static bool has_room(struct memory_log *l, size_t size)
{
	void *larger;

	if (l->count == l->capacity) {
		larger = grow(l->pieces, &l->capacity, l->count + 1, sizeof(*l->pieces));
		if (!larger)
			return false;
		l->pieces = larger;
	}
	if (size > l->room - l->size) {
		larger = grow(l->bytes, &l->room, l->size + size, 1);
		if (!larger)
			return false;
		l->bytes = larger;
	}
	return true;
}

static void add(struct memory_log *l, uint64_t object, uint64_t at, const void *bytes, size_t size)
{
	if (l->count == PIECES_MOST || size > BYTES_MOST - l->size)
		return;
	if (!has_room(l, size)) {
		l->no_memory = true;
		return;
	}
	l->pieces[l->count++] = (struct logged_piece){object, at, size, l->size};
	if (size)
		memcpy(l->bytes + l->size, bytes, size);
	l->size += size;
}

static bool read_bytes(struct memory *m, uint64_t at, void *to, size_t size)
{
	struct memory_log *l = (struct memory_log *)m;

	if (!memory_read(l->whole, at, to, size))
		return false;
	add(l, 0, at, to, size);
	return true;
}

static uint64_t next_page(struct memory *m, uint64_t from, uint64_t end)
{
	struct memory_log *l = (struct memory_log *)m;
	uint64_t found = memory_next(l->whole, from, end);

	if (found < end)
		add(l, 0, found / l->page_size * l->page_size, NULL, 0);
	return found;
}

static bool find_object(struct memory *m, struct slice name, struct memory_object *object)
{
	return memory_find(((struct memory_log *)m)->whole, name, object);
}

static bool read_file(struct memory *m, const struct memory_object *object, uint64_t offset,
		      void *to, size_t size)
{
	struct memory_log *l = (struct memory_log *)m;

	if (!memory_read_file(l->whole, object, offset, to, size))
		return false;
	add(l, object->start, offset, to, size);
	return true;
}

static void close_lines(struct memory_log *l)
{
	if (l->lines && textstream_close(l->lines, &l->text))
		free(l->text);
	l->lines = NULL;
}

void memory_log_begin(struct memory_log *l, struct memory *whole)
{
	close_lines(l);
	l->memory = (struct memory){read_bytes, next_page, find_object, read_file};
	l->whole = whole;
	l->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	l->count = l->size = 0;
	l->lines = textstream_open(&l->text, &l->text_size);
	l->no_memory = !l->lines;
}

void memory_log_free(struct memory_log *l)
{
	close_lines(l);
	free(l->pieces);
	free(l->bytes);
}

void memory_log_look(struct memory_log *l, const struct mapping *m)
{
	if (l->lines)
		fprintf(l->lines, "%" PRIx64 "-%" PRIx64 "\n", m->start, m->end);
}

void memory_log_stacks(struct memory_log *l, const struct stack_pointers *stacks)
{
	for (size_t i = 0; l->lines && i < stacks->count; i++)
		fprintf(l->lines, "sp %" PRIx64 "\n", stacks->at[i]);
}

void memory_log_count(struct memory_log *l, const struct part *parts, size_t count)
{
	for (size_t i = 0; l->lines && i < count; i++)
		fprintf(l->lines, "%" PRIx64 "-%" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			parts[i].start, parts[i].end, parts[i].resident, parts[i].exclusive,
			parts[i].swapped);
}

/* Writing. */

/* Of pieces with the same start, the one read first. */
static int by_place(const void *a, const void *b)
{
	const struct logged_piece *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->in_log > y->in_log) - (x->in_log < y->in_log);
}

/* The last piece written, whose line may be continued. */
struct line {
	FILE *out;
	uint64_t object, end;
	size_t bytes; /* of the line; 0 if there is none */
};

static void end_line(struct line *line)
{
	if (line->bytes)
		putc('\n', line->out);
	line->bytes = 0;
}

static void begin_line(struct line *line, uint64_t object, uint64_t at)
{
	if (object)
		fprintf(line->out, "%" PRIx64 "+%" PRIx64 " ", object, at);
	else
		fprintf(line->out, "%" PRIx64 " ", at);
	line->object = object;
	line->end = at;
}

static void put_bytes(struct line *line, uint64_t object, uint64_t at, const unsigned char *bytes,
		      size_t size)
{
	static const char digits[] = "0123456789abcdef";

	if (line->bytes && (line->object != object || line->end != at))
		end_line(line);
	for (size_t i = 0; i < size; i++) {
		if (line->bytes == LINE_BYTES)
			end_line(line);
		if (line->bytes == 0)
			begin_line(line, object, at + i);
		putc(digits[bytes[i] >> 4], line->out);
		putc(digits[bytes[i] & 15], line->out);
		line->bytes++;
		line->end++;
	}
}

/* End of what was written of an object. */
static uint64_t reach(const struct line *line, uint64_t object)
{
	return line->object == object ? line->end : 0;
}

static void put_page(struct line *line, uint64_t at)
{
	end_line(line);
	fprintf(line->out, "%" PRIx64 "\n", at);
}

static void put_piece(const struct memory_log *l, struct line *line, const struct logged_piece *p)
{
	uint64_t reached = reach(line, p->object), at = p->at > reached ? p->at : reached;

	if (at - p->at < p->size)
		put_bytes(line, p->object, at, l->bytes + p->in_log + (at - p->at),
			  p->size - (size_t)(at - p->at));
}

/* Whether bytes were read that show that a page is present. */
static bool is_read(const struct memory_log *l, const struct line *line, size_t i)
{
	const struct logged_piece *p = &l->pieces[i];

	if (reach(line, 0) > p->at)
		return true;
	for (i++; i < l->count && l->pieces[i].object == 0; i++) {
		if (l->pieces[i].at - p->at >= l->page_size)
			return false;
		if (l->pieces[i].size || l->pieces[i].at == p->at)
			return true;
	}
	return false;
}

void memory_log_write(struct memory_log *l, FILE *out)
{
	struct line line = {.out = out};

	if (!l->lines || !textstream_close(l->lines, &l->text)) {
		l->no_memory = true;
		l->lines = NULL;
		return;
	}
	l->lines = NULL;
	fputs(l->text, out);
	free(l->text);
	if (l->count)
		qsort(l->pieces, l->count, sizeof(*l->pieces), by_place);
	for (size_t i = 0; i < l->count; i++) {
		if (l->pieces[i].size)
			put_piece(l, &line, &l->pieces[i]);
		else if (!is_read(l, &line, i))
			put_page(&line, l->pieces[i].at);
	}
	end_line(&line);
}
