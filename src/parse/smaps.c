#include "parse/smaps.h"

#include "parse/number.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	ROOM_MIN = 4096, /* the kernel hands out about this much a read */
	BUFFER_FIRST = 64 * 1024,
	LINE_MAX_BYTES = 16 * 1024 * 1024, /* a path has 4096 bytes; beyond this it is not smaps */
	KIB = 1024,
};

struct smaps_parser {
	smaps_mapping_fn *on_mapping;
	void *ctx;
	enum smaps_kind kind;

	char *buffer; /* its first `held` bytes are a line that is not yet whole */
	size_t capacity, held;

	uint64_t line, offset; /* of the line at hand; lines count from 1, bytes from 0 */
	uint64_t mappings;

	bool open; /* `mapping` has begun and was not delivered */
	struct mapping mapping;
	char *name;
	size_t name_capacity;
	unsigned fields, fields_before; /* lines of this entry and of the one before */
	unsigned expected;		/* counter that is likely next */
};

#define COUNTER_KEY(id, key, name, header, help) [COUNTER_##id] = SLICE_INIT(key),
static const struct slice keys[COUNTER_COUNT] = {SMAPS_COUNTERS(COUNTER_KEY)
							 ROLLUP_COUNTERS(COUNTER_KEY)};
#undef COUNTER_KEY

struct smaps_parser *smaps_new(smaps_mapping_fn *on_mapping, void *ctx)
{
	struct smaps_parser *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->on_mapping = on_mapping;
	p->ctx = ctx;
	return p;
}

void smaps_free(struct smaps_parser *p)
{
	if (!p)
		return;
	free(p->buffer);
	free(p->name);
	free(p);
}

void smaps_begin(struct smaps_parser *p, enum smaps_kind kind)
{
	p->kind = kind;
	p->held = 0;
	p->line = 1;
	p->offset = 0;
	p->mappings = 0;
	p->open = false;
	p->fields_before = 0;
	p->expected = 0;
}

uint64_t smaps_mappings(const struct smaps_parser *p)
{
	return p->mappings;
}

char *smaps_room(struct smaps_parser *p, size_t *size)
{
	if (p->capacity - p->held < ROOM_MIN) {
		size_t capacity = p->capacity ? 2 * p->capacity : BUFFER_FIRST;
		char *buffer = realloc(p->buffer, capacity);

		if (!buffer)
			return NULL;
		p->buffer = buffer;
		p->capacity = capacity;
	}
	*size = p->capacity - p->held;
	return p->buffer + p->held;
}

static int malformed(const struct smaps_parser *p, struct error *e, const char *what)
{
	return error_set(e, ERROR_MALFORMED, "line %" PRIu64 ", byte %" PRIu64 ": %s", p->line,
			 p->offset, what);
}

static int truncated(const struct smaps_parser *p, struct error *e)
{
	return error_set(e, ERROR_TRUNCATED,
			 "line %" PRIu64 ", byte %" PRIu64 ": the input ends inside a mapping",
			 p->line, p->offset);
}

/* The name outlives the buffer: its entry may come in several reads. */
static int keep_name(struct smaps_parser *p, struct slice name, struct error *e)
{
	if (name.len > p->name_capacity) {
		char *copy = realloc(p->name, name.len);

		if (!copy)
			return error_memory(e);
		p->name = copy;
		p->name_capacity = name.len;
	}
	if (name.len)
		memcpy(p->name, name.ptr, name.len);
	p->mapping.name = (struct slice){p->name, name.len};
	return 0;
}

static bool take_perms(struct slice *s, char perms[5])
{
	static const char letters[4][3] = {"r-", "w-", "x-", "ps"};

	if (s->len < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		if (s->ptr[i] != letters[i][0] && s->ptr[i] != letters[i][1])
			return false;
		perms[i] = s->ptr[i];
	}
	perms[4] = '\0';
	*s = slice_inner(*s, 4, 0);
	return true;
}

/* "start-end perms offset major:minor inode   name"; what is left of the line is the name. */
static bool parse_header(struct slice *line, struct mapping *m)
{
	uint64_t major, minor;

	if (!(take_hex(line, &m->start) && take_byte(line, '-') && take_hex(line, &m->end) &&
	      take_byte(line, ' ') && take_perms(line, m->perms) && take_byte(line, ' ') &&
	      take_hex(line, &m->offset) && take_byte(line, ' ') && take_hex(line, &major) &&
	      take_byte(line, ':') && take_hex(line, &minor) && take_byte(line, ' ') &&
	      take_decimal(line, &m->inode)))
		return false;
	if (line->len && line->ptr[0] != ' ')
		return false;
	if (m->start > m->end || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	m->dev_major = (uint32_t)major;
	m->dev_minor = (uint32_t)minor;
	while (take_byte(line, ' '))
		;
	return true;
}

static int deliver(struct smaps_parser *p, struct error *e)
{
	p->open = false;
	p->mappings++;
	p->fields_before = p->fields;
	return p->on_mapping(p->ctx, &p->mapping, e);
}

static int header_line(struct smaps_parser *p, struct slice line, struct error *e)
{
	bool rollup;

	if (p->open && p->fields == 0)
		return malformed(p, e,
				 "the mapping above has no counters; is this maps, not smaps?");
	if (p->open && deliver(p, e) < 0)
		return -1;
	if (!parse_header(&line, &p->mapping))
		return malformed(p, e, "not the header of a mapping");
	rollup = slice_equals(line, SLICE("[rollup]"));
	if (rollup && p->kind == SMAPS_MAPPINGS)
		return malformed(p, e, "this is smaps_rollup, which has no mappings; give smaps");
	if (!rollup && p->kind == SMAPS_ROLLUP)
		return malformed(p, e, "this is not smaps_rollup");
	p->mapping.counters = (struct counters){0};
	p->open = true;
	p->fields = 0;
	return keep_name(p, line, e);
}

/* Fields nearly always come in the order of the last entry, so the search begins there. */
static int find_counter(struct smaps_parser *p, struct slice key)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		unsigned c = (p->expected + i) % COUNTER_COUNT;

		if (slice_equals(key, keys[c])) {
			p->expected = (c + 1) % COUNTER_COUNT;
			return (int)c;
		}
	}
	return -1;
}

static int field_line(struct smaps_parser *p, struct slice key, struct slice rest, struct error *e)
{
	struct counters *counters = &p->mapping.counters;
	uint64_t value;
	int c;

	if (!p->open)
		return malformed(p, e, "not smaps: a field without a mapping before it");
	p->fields++;
	c = find_counter(p, key);
	if (c < 0)
		return 0;
	skip_blanks(&rest);
	if (take_decimal(&rest, &value) == 0)
		return malformed(p, e, "not a number, or one past 64 bits");
	if (!slice_equals(rest, SLICE(" kB")))
		return malformed(p, e, "the number is not followed by kB");
	if (counters_know(counters, (enum counter)c))
		return malformed(p, e, "a field that this mapping already had");
	if (__builtin_mul_overflow(value, KIB, &counters->bytes[c]))
		return malformed(p, e, "a size past 64 bits");
	counters->known |= COUNTER_BIT(c);
	return 0;
}

static bool is_key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* A header begins "hex-", a field "Word:". */
static int parse_line(struct smaps_parser *p, struct slice line, struct error *e)
{
	size_t n = 0;

	while (n < line.len && is_key_byte(line.ptr[n]))
		n++;
	if (n > 0 && n < line.len && line.ptr[n] == ':')
		return field_line(p, (struct slice){line.ptr, n}, slice_inner(line, n + 1, 0), e);
	if (n > 0 && n < line.len && line.ptr[n] == '-')
		return header_line(p, line, e);
	return malformed(p, e,
			 p->mappings || p->open ? "neither a mapping nor a field" : "not smaps");
}

int smaps_feed(struct smaps_parser *p, size_t n, struct error *e)
{
	const char *next = p->buffer, *unseen = p->buffer + p->held;
	const char *end = unseen + n;
	const char *newline;

	while (unseen < end && (newline = memchr(unseen, '\n', (size_t)(end - unseen)))) {
		struct slice line = {next, (size_t)(newline - next)};

		if (parse_line(p, line, e) < 0)
			return -1;
		p->line++;
		p->offset += line.len + 1;
		next = unseen = newline + 1;
	}
	p->held = (size_t)(end - next);
	if (p->held > LINE_MAX_BYTES)
		return malformed(p, e, "not smaps: a line of more than 16 MiB");
	if (next != p->buffer)
		memmove(p->buffer, next, p->held);
	return 0;
}

int smaps_end(struct smaps_parser *p, struct error *e)
{
	bool cut = p->held > 0;

	if (cut && parse_line(p, (struct slice){p->buffer, p->held}, e) < 0) {
		/* A whole line that makes no sense is wrong; half a line of smaps is just cut off.
		 */
		return p->open && e->code == ERROR_MALFORMED ? truncated(p, e) : -1;
	}
	p->held = 0;
	if (!p->open)
		return 0;
	if (p->fields == 0 || p->fields < p->fields_before)
		return truncated(p, e);
	return deliver(p, e);
}
