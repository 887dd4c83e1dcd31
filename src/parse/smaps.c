#include "parse/smaps.h"

#include "parse/bugreport.h"
#include "parse/number.h"
#include "parse/template.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	ROOM_MIN = 4096, /* the kernel returns about this much per read */
	BUFFER_FIRST = 64 * 1024,
	LINE_MAX_BYTES =
		16 * 1024 *
		1024, /* a path has at most 4096 bytes; with longer lines it is not smaps */
	KIB = 1024,
	NESTED_MAX = 8, /* prefixes and indents before one line */
	NOT_HEADER = 1, /* a result besides 0 and -1 */
	PATIENCE = 8, /* mismatching entries before the template is learned again, or tries to learn
			 one */
};

/* No set of fields equals this value. */
#define NONE_BEFORE UINT64_MAX

struct smaps_parser {
	struct stage stage; /* gets the mappings */
	enum smaps_kind kind;

	char *buffer; /* the first `held` bytes are an incomplete line */
	size_t capacity, held;

	uint64_t line, offset; /* of the current line; lines count from 1, bytes from 0 */
	uint64_t mappings;

	bool open; /* `mapping` has begun but was not delivered */
	struct mapping mapping;
	char *rest; /* of the header, after the access rights; holds the name */
	size_t rest_length, rest_capacity;
	unsigned fields;    /* lines of the current entry */
	unsigned expected;  /* the counter that is likely next */
	unsigned marks;	    /* enum field_mark bits of this entry */
	bool is_trimmed;    /* what follows this entry's fields was removed from its name */
	bool is_repetition; /* of the entry before it */
	uint64_t always; /* fields that all previous entries of this process had, or NONE_BEFORE */

	struct separators separators;
	struct bugreport report; /* what Android prints instead of smaps */
	unsigned nested;	 /* recursion depth of strange_line() on the current line */
	struct separator owner;	 /* the process whose path grep put before the previous line */

	char upper[8];	      /* the upper eight of the previous address's twelve digits, */
	uint64_t upper_value; /* and their value */

	bool learns;
	struct template template;
	bool counters_of_template; /* `mapping` has the template's counters */
	unsigned patience;	   /* entries to skip before trying to learn again */
};

struct smaps_parser *smaps_new(void)
{
	struct smaps_parser *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->learns = true;
	memset(p->upper, '0', sizeof(p->upper));
	return p;
}

void smaps_use_templates(struct smaps_parser *p, bool learns)
{
	p->learns = learns;
}

void smaps_free(struct smaps_parser *p)
{
	if (!p)
		return;
	free(p->buffer);
	free(p->rest);
	free(p);
}

void smaps_begin(struct smaps_parser *p, enum smaps_kind kind, struct stage stage)
{
	p->stage = stage;
	p->kind = kind;
	p->held = 0;
	p->line = 1;
	p->offset = 0;
	p->mappings = 0;
	p->open = false;
	p->always = NONE_BEFORE;
	p->expected = 0;
	p->mapping.counters = (struct counters){0};
	p->counters_of_template = false;
	p->separators = (struct separators){0};
	p->report = (struct bugreport){0};
	p->owner = (struct separator){0};
	p->nested = 0;
}

void smaps_expect_separators(struct smaps_parser *p, struct separators separators)
{
	p->separators = separators;
}

static bool is_capture(const struct smaps_parser *p)
{
	return p->separators.take != NULL;
}

uint64_t smaps_line(const struct smaps_parser *p)
{
	return p->line;
}

uint64_t smaps_mappings(const struct smaps_parser *p)
{
	return p->mappings;
}

char *smaps_reserve(struct smaps_parser *p, size_t *size)
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

/* The same for a line that makes no sense; adds what it looks like, if that is known. */
static int meaningless(const struct smaps_parser *p, struct error *e, struct slice line,
		       const char *otherwise)
{
	const char *complaint = separator_complaint(line);

	return malformed(p, e, complaint ? complaint : otherwise);
}

static int truncated(const struct smaps_parser *p, struct error *e)
{
	return error_set(e, ERROR_TRUNCATED,
			 "line %" PRIu64 ", byte %" PRIu64 ": the input ends inside a mapping",
			 p->line, p->offset);
}

static const char no_counters[] = "the mapping above has no counters; is this maps, not smaps?";

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

/* " offset major:minor inode   name": the end of a header. */
static bool parse_rest(struct slice rest, struct mapping *m)
{
	uint64_t major, minor;

	if (!(take_byte(&rest, ' ') && take_hex(&rest, &m->offset) && take_byte(&rest, ' ') &&
	      take_hex(&rest, &major) && take_byte(&rest, ':') && take_hex(&rest, &minor) &&
	      take_byte(&rest, ' ') && take_decimal(&rest, &m->inode)))
		return false;
	if ((rest.len && rest.ptr[0] != ' ' && rest.ptr[0] != '\r') || major > UINT32_MAX ||
	    minor > UINT32_MAX)
		return false;
	m->dev_major = (uint32_t)major;
	m->dev_minor = (uint32_t)minor;
	while (take_byte(&rest, ' '))
		;
	m->name = rest;
	return true;
}

/* Copies the rest of a header, since its entry may arrive in several reads and the buffer is
 * reused. Neighbouring headers often differ only in the address; then there is nothing to do. */
static int keep_rest(struct smaps_parser *p, struct slice rest, struct error *e)
{
	if (p->rest_length && slice_equals(rest, (struct slice){p->rest, p->rest_length}) &&
	    !p->is_trimmed)
		return 0;
	p->rest_length = 0;
	if (rest.len > p->rest_capacity) {
		char *copy = realloc(p->rest, rest.len);

		if (!copy)
			return error_memory(e);
		p->rest = copy;
		p->rest_capacity = rest.len;
	}
	if (rest.len == 0)
		return NOT_HEADER;
	memcpy(p->rest, rest.ptr, rest.len);
	if (!parse_rest((struct slice){p->rest, rest.len}, &p->mapping))
		return NOT_HEADER;
	p->rest_length = rest.len;
	return 0;
}

static bool has_before(const struct smaps_parser *p)
{
	return p->always != NONE_BEFORE;
}

/* The fields of the current entry: the counters that were printed, and the marks. */
static uint64_t fields_of(const struct smaps_parser *p)
{
	return (p->mapping.counters.known & ~COUNTER_BIT(COUNTER_USS)) | (uint64_t)p->marks << 32;
}

static int deliver(struct smaps_parser *p, struct error *e)
{
	if (!p->counters_of_template)
		counters_derive(&p->mapping.counters);
	p->open = false;
	if (p->is_repetition)
		return 0;
	p->always &= fields_of(p);
	p->mappings++;
	return stage_take(p->stage, &p->mapping, e);
}

/* Whether the entry is visibly incomplete. A field that only some entries have proves nothing. */
static bool is_cut(const struct smaps_parser *p)
{
	if (p->kind == SMAPS_HEADERS)
		return false;
	if (p->fields == 0)
		return true;
	if (has_before(p) && (p->always & ~fields_of(p)))
		return true;
	/* VmFlags is the last field since Linux 3.8. */
	return is_capture(p) && (p->marks & MARK_IS_RECENT) && !(p->marks & MARK_VM_FLAGS);
}

/* Neighbours share the upper digits of their addresses: the upper eight of the usual twelve are
 * converted only when they change. */
static bool take_address(struct smaps_parser *p, struct slice *s, uint64_t *address)
{
	enum { UPPER = sizeof(p->upper), LOWER = 4 };
	size_t digits;

	if (s->len > UPPER + LOWER && memcmp(s->ptr, p->upper, UPPER) == 0) {
		const char *lower = s->ptr + UPPER;
		unsigned value = hex_value(lower[0]) << 12 | hex_value(lower[1]) << 8 |
				 hex_value(lower[2]) << 4 | hex_value(lower[3]);

		if (value < NO_HEX && hex_value(lower[LOWER]) == NO_HEX) {
			*address = p->upper_value << 4 * LOWER | value;
			*s = slice_inner(*s, UPPER + LOWER, 0);
			return true;
		}
	}
	digits = take_hex(s, address);
	if (digits != UPPER + LOWER)
		return digits > 0;
	memcpy(p->upper, s->ptr - UPPER - LOWER, UPPER);
	p->upper_value = *address >> 4 * LOWER;
	return true;
}

static int check_kind(const struct smaps_parser *p, struct error *e)
{
	const struct slice name = p->mapping.name;
	bool rollup = slice_begins(name, SLICE("[rollup]")) &&
		      slice_equals(is_capture(p) ? trim_end(name) : name, SLICE("[rollup]"));

	if (rollup && p->kind != SMAPS_ROLLUP)
		return malformed(p, e, "this is smaps_rollup, which has no mappings; give smaps");
	if (!rollup && p->kind == SMAPS_ROLLUP)
		return malformed(p, e, "this is not smaps_rollup");
	return 0;
}

static int take_header(struct smaps_parser *p, uint64_t start, struct slice line, struct error *e)
{
	int status;

	p->mapping.start = start;
	if (!(take_address(p, &line, &p->mapping.end) && take_byte(&line, ' ') &&
	      take_perms(&line, p->mapping.perms)) ||
	    start > p->mapping.end)
		return NOT_HEADER;
	status = keep_rest(p, line, e);
	if (status != 0 || check_kind(p, e) < 0)
		return status ? status : -1;
	p->open = true;
	p->is_trimmed = false;
	p->fields = 0;
	p->marks = 0;
	p->mapping.is_monitored = false;
	return 0;
}

/* Whether the header is identical to the previous one. */
static bool repeats_header(const struct smaps_parser *p, uint64_t start, struct slice line)
{
	const struct slice perms = {p->mapping.perms, sizeof(p->mapping.perms) - 1};
	uint64_t end;

	return has_before(p) && start == p->mapping.start && take_hex(&line, &end) &&
	       end == p->mapping.end && take_byte(&line, ' ') && slice_begins(line, perms) &&
	       slice_equals(slice_inner(line, perms.len, 0),
			    (struct slice){p->rest, p->rest_length});
}

/* "start-end perms ..."; the start and the dash have been read. */
static int header_line(struct smaps_parser *p, uint64_t start, struct slice line, struct error *e)
{
	if (p->open && p->fields == 0 && p->kind != SMAPS_HEADERS)
		return malformed(p, e, no_counters);
	if (p->open && deliver(p, e) < 0)
		return -1;
	p->is_repetition =
		start < p->mapping.end && is_capture(p) && repeats_header(p, start, line);
	if (start < p->mapping.end && !p->is_repetition)
		p->always = NONE_BEFORE; /* another process */
	return take_header(p, start, line, e);
}

/* Whatever follows a field, such as the carriage return of other systems, follows the name too;
 * removes it. False if something else follows the field. */
static bool trim_entry(struct smaps_parser *p, struct slice unit)
{
	if (!slice_equals(trim_end(unit), SLICE(" kB")))
		return false;
	p->mapping.name = trim_end(p->mapping.name);
	p->is_trimmed = true;
	return true;
}

/* Each flag is two letters behind a blank. Only resident, unnamed, writable memory needs them. */
static void note_flags(struct smaps_parser *p, struct slice flags)
{
	struct mapping *m = &p->mapping;

	if (m->name.len > 0 || m->perms[1] != 'w' || m->counters.bytes[COUNTER_RSS] == 0)
		return;
	m->is_monitored = memmem(flags.ptr, flags.len, " um", 3) ||
			  memmem(flags.ptr, flags.len, " uw", 3) ||
			  memmem(flags.ptr, flags.len, " ui", 3);
}

/* `c` is the counter of the key, or -1. */
static int field_line(struct smaps_parser *p, struct slice key, int c, struct slice rest,
		      struct error *e)
{
	struct counters *counters = &p->mapping.counters;
	uint64_t value;

	if (!p->open)
		return malformed(p, e, "not smaps: a field without a mapping before it");
	if (field_repeats_header(key))
		return 0;
	if (p->fields++ == 0) {
		*counters = (struct counters){0};
		p->counters_of_template = false;
	}
	if (c < 0) {
		unsigned mark = field_mark(key, counters->known);

		p->marks |= mark;
		if (mark == MARK_VM_FLAGS)
			note_flags(p, rest);
		return 0;
	}
	skip_blanks(&rest);
	if (take_decimal(&rest, &value) == 0)
		return malformed(p, e, "not a number, or one past 64 bits");
	if (!slice_equals(rest, SLICE(" kB")) && !(is_capture(p) && trim_entry(p, rest)))
		return malformed(p, e, "the number is not followed by kB");
	if (counters_know(counters, (enum counter)c))
		return malformed(p, e, "a field that this mapping already had");
	if (__builtin_mul_overflow(value, KIB, &counters->bytes[c]))
		return malformed(p, e, "a size past 64 bits");
	counters->known |= COUNTER_BIT(c);
	p->counters_of_template = false;
	return 0;
}

/* Ends the entry above a separator that begins another process: delivers it, or sets s->cut. */
static int end_process(struct smaps_parser *p, struct separator *s, struct error *e)
{
	if (p->open && p->fields == 0 && !has_before(p) && p->kind != SMAPS_HEADERS)
		return malformed(p, e, no_counters);
	s->cut = p->open && is_cut(p);
	if (p->open && !s->cut && deliver(p, e) < 0)
		return -1;
	p->open = false;
	p->always = NONE_BEFORE;
	return 0;
}

static bool is_of_owner(const struct smaps_parser *p, const struct separator *s)
{
	return p->owner.kind == SEPARATOR_PREFIX && s->pid == p->owner.pid &&
	       s->self == p->owner.self;
}

static int parse_line(struct smaps_parser *p, struct slice line, struct error *e);

/* Handles a line of an Android bug report, or of showmap's output. */
static int report_line(struct smaps_parser *p, struct slice line, struct error *e)
{
	struct separator s;

	switch (bugreport_take(&p->report, line, &p->mapping, &s)) {
	case BUGREPORT_NOTHING:
		return 0;
	case BUGREPORT_MAPPING:
		p->mappings++;
		return stage_take(p->stage, &p->mapping, e);
	case BUGREPORT_OTHER:
		if (!separator_parse(trim_end(line), &s) || s.rest.len)
			break;
		if (s.kind == SEPARATOR_BLANK)
			return 0;
		bugreport_begin_process(&p->report, &s);
		return p->separators.take(p->separators.ctx, &s, e);
	case BUGREPORT_SEPARATOR:
		return p->separators.take(p->separators.ctx, &s, e);
	case BUGREPORT_MALFORMED:
		break;
	}
	return meaningless(p, e, line, "neither smaps nor the output of showmap");
}

/* Handles a line that the kernel did not write. */
static int strange_line(struct smaps_parser *p, struct slice line, struct error *e)
{
	bool begun = p->mappings || p->open;
	struct separator s;
	int status;

	if (!is_capture(p))
		return meaningless(p, e, line,
				   begun ? "neither a mapping nor a field" : "not smaps");
	if (!begun && bugreport_begins(line))
		return report_line(p, line, e);
	if (p->nested == NESTED_MAX || !separator_parse(line, &s))
		return meaningless(p, e, line,
				   begun ? "neither a mapping, a field nor the header of a process"
					 : "not smaps; give what is in /proc/PID/smaps");
	if (s.kind > SEPARATOR_PREFIX || (s.kind == SEPARATOR_PREFIX && !is_of_owner(p, &s))) {
		p->owner = s;
		if (end_process(p, &s, e) < 0 || p->separators.take(p->separators.ctx, &s, e) < 0)
			return -1;
	}
	if (s.rest.len == 0)
		return 0;
	p->nested++;
	status = parse_line(p, s.rest, e);
	p->nested--;
	return status;
}

/* A header begins "hex-", a field "Word:". */
static int parse_line(struct smaps_parser *p, struct slice line, struct error *e)
{
	struct slice rest = line, key;
	uint64_t start;
	int status, c;

	if (p->report.form != BUGREPORT_NONE)
		return report_line(p, line, e);
	if (take_address(p, &rest, &start) && take_byte(&rest, '-')) {
		status = header_line(p, start, rest, e);
		return status == NOT_HEADER ? meaningless(p, e, line, "not the header of a mapping")
					    : status;
	}
	if (!take_key(&rest, &key))
		return strange_line(p, line, e);
	c = counter_find(key, &p->expected);
	if (c < 0 && is_capture(p) && !separator_is_field(key))
		return strange_line(p, line, e);
	return field_line(p, key, c, rest, e);
}

/* Parses the fields of an entry if they match the template; returns their length in bytes, or 0 if
 * the general parser must read them line by line. */
static size_t fields_at_once(struct smaps_parser *p, struct slice text)
{
	unsigned lines;
	bool changed;
	size_t n;

	if (p->template.length == 0) {
		if (p->patience > 0) {
			p->patience--;
			return 0;
		}
		if (!template_learn(&p->template, text)) {
			p->patience = PATIENCE;
			return 0;
		}
	}
	n = template_match(&p->template, text, &lines, &changed);
	if (n == 0) {
		if (++p->template.misses >= PATIENCE)
			p->template.length = 0;
		return 0;
	}
	p->template.misses = 0;
	if (changed || !p->counters_of_template) {
		p->mapping.counters = p->template.counters;
		counters_derive(&p->mapping.counters);
		p->counters_of_template = true;
	}
	p->fields = lines;
	p->marks = p->template.marks;
	note_flags(p, slice_inner((struct slice){text.ptr, n}, p->template.length, 0));
	p->line += lines;
	p->offset += n;
	return n;
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
		next = newline + 1;
		if (p->open && p->fields == 0 && p->learns && p->kind == SMAPS_MAPPINGS)
			next += fields_at_once(p, (struct slice){next, (size_t)(end - next)});
		unseen = next;
	}
	p->held = (size_t)(end - next);
	if (p->held > LINE_MAX_BYTES)
		return malformed(p, e, "not smaps: a line of more than 16 MiB");
	if (next != p->buffer && p->held)
		memmove(p->buffer, next, p->held);
	return 0;
}

int smaps_end(struct smaps_parser *p, struct error *e)
{
	struct slice line = {p->buffer, p->held}, digits = line;
	uint64_t ignored;

	/* A line of digits alone is an address cut short, not the title of a process. */
	if (p->mappings && take_decimal(&digits, &ignored) && digits.len == 0)
		return truncated(p, e);
	if (line.len && parse_line(p, line, e) < 0) {
		/* A malformed line is an error only at the start of the input; later, it is half a
		 * line.
		 */
		return (p->open || p->mappings) && e->code == ERROR_MALFORMED ? truncated(p, e)
									      : -1;
	}
	p->held = 0;
	if (bugreport_is_empty(&p->report))
		return malformed(p, e,
				 "the bug report lists no memory of processes; take it on a "
				 "userdebug build");
	if (bugreport_is_cut(&p->report))
		return truncated(p, e);
	if (!p->open)
		return 0;
	if (is_cut(p))
		return truncated(p, e);
	return deliver(p, e);
}
