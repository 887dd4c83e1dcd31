#include "model/record_text.h"

#include "parse/number.h"

#include <inttypes.h>
#include <stdlib.h>

#define FIRST_LINE "anonmem-record 1\n"
#define LAST_LINE  "end\n"

enum { MATCH_COUNT = MATCH_UNKNOWN + 1, PERMS_MAX = sizeof(((struct mapping *)NULL)->perms) - 1 };

static const char *const match_names[MATCH_COUNT] = {
	[MATCH_YES] = "yes", [MATCH_NO] = "no", [MATCH_UNKNOWN] = "unknown"};

static const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_READ] = "read",	   [OUTCOME_NO_MEMORY] = "no_memory",
	[OUTCOME_DENIED] = "denied",	   [OUTCOME_VANISHED] = "vanished",
	[OUTCOME_TRUNCATED] = "truncated", [OUTCOME_MALFORMED] = "malformed",
};

static const char *const how_names[HOW_COUNT] = {
	[HOW_SCANNED] = "scanned",	     [HOW_CANNOT_SCAN] = "cannot_scan",
	[HOW_MAY_NOT_SCAN] = "may_not_scan", [HOW_NAMES_KEPT] = "names_kept",
	[HOW_NAMES_LOST] = "names_lost",     [HOW_TIMED_OUT] = "timed_out",
};

static const char *const answers[] = {[false] = "no", [true] = "yes"};

#define COUNTER_NAME(id, key, name, header, help) [COUNTER_##id] = (name),
static const char *const counter_names[COUNTER_COUNT] = {ALL_COUNTERS(COUNTER_NAME)};
#undef COUNTER_NAME

/* Whether a byte stands for itself in a string. */
static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* Writing. */

static void write_string(FILE *out, struct slice s)
{
	putc('"', out);
	for (size_t i = 0; i < s.len; i++) {
		if (is_plain(s.ptr[i]))
			putc(s.ptr[i], out);
		else
			fprintf(out, "\\x%02x", (unsigned char)s.ptr[i]);
	}
	putc('"', out);
}

/* The part of a process that is its key. */
static void write_identity(FILE *out, const struct process_identity *p)
{
	if (p->known & PROCESS_PID)
		fprintf(out, " pid=%d", p->pid);
	if (p->known & PROCESS_START)
		fprintf(out, " start=%" PRIu64, p->start_time);
	if (p->known & PROCESS_NAME) {
		fputs(" name=", out);
		write_string(out, p->name);
	}
}

static void write_process(FILE *out, const struct process *p)
{
	const struct process_identity identity = {p->known, p->pid, p->start_time, p->name};

	write_identity(out, &identity);
	if (p->known & PROCESS_UID)
		fprintf(out, " uid=%" PRIu32, p->uid);
	if (p->known & PROCESS_CGROUP) {
		fputs(" cgroup=", out);
		write_string(out, p->cgroup);
	}
	if (p->known & PROCESS_EXE) {
		fputs(" exe=", out);
		write_string(out, p->exe);
	}
}

static void write_label(FILE *out, enum origin origin, struct slice label)
{
	fprintf(out, " %s ", origin_names[origin]);
	write_string(out, label);
}

static void write_process_key(FILE *out, const struct intern *symbols, symbol process)
{
	const struct process_identity identity = key_process(symbols, process);

	write_identity(out, &identity);
}

static void write_mapping(FILE *out, const struct intern *symbols, symbol mapping)
{
	const struct mapping_identity m = key_mapping(symbols, mapping);

	fprintf(out, " %" PRIx64 "-%" PRIx64 " ", m.start, m.end);
	write_string(out, m.perms);
	write_label(out, m.origin, m.name);
	write_process_key(out, symbols, m.process);
}

static void write_value(FILE *out, const struct intern *symbols, enum key key, symbol value)
{
	enum origin origin;
	struct slice label;

	switch (key) {
	case KEY_LABEL:
	case KEY_FILE:
		label = key_label(symbols, value, &origin);
		write_label(out, origin, label);
		break;
	case KEY_PROCESS:
		write_process_key(out, symbols, value);
		break;
	case KEY_MAPPING:
		write_mapping(out, symbols, value);
		break;
	case KEY_SUBSYSTEM:
	case KEY_KIND:
	case KEY_NAME:
	case KEY_USER:
	case KEY_CGROUP:
	case KEY_COUNT:
		putc(' ', out);
		write_string(out, intern_bytes(symbols, value));
		break;
	}
}

static void write_counters(FILE *out, const struct counters *c)
{
	fputs("counters", out);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		bool known = counters_know(c, (enum counter)i);

		if (known || c->bytes[i])
			fprintf(out, " %s%s%" PRIu64, counter_names[i],
				known ? "=" : ">=", c->bytes[i]);
	}
	putc('\n', out);
}

static void write_header(FILE *out, const struct record *r, const struct grouping *by)
{
	fputs(FIRST_LINE "by", out);
	for (unsigned k = 0; k < by->count; k++)
		fprintf(out, " %s", key_names[by->keys[k]]);
	fprintf(out, "\ntarget %zu\nprocess", r->target);
	write_process(out, &r->process);
	fprintf(out, "\nmatch %s\noutcome %s\nhow", match_names[r->match],
		outcome_names[r->outcome]);
	for (unsigned how = 0; how < HOW_COUNT; how++) {
		if (r->how & HOW_BIT(how))
			fprintf(out, " %s", how_names[how]);
	}
	fprintf(out, "\nswaps_shared %s\ninexact %s\nproblem ", answers[r->swaps_shared],
		answers[r->inexact]);
	if (r->problem)
		write_string(out, slice_of(r->problem));
	else
		putc('-', out);
	putc('\n', out);
}

void record_write(const struct record *r, const struct grouping *by, const struct intern *symbols,
		  FILE *out)
{
	write_header(out, r, by);
	for (uint32_t i = 0; i < r->count; i++) {
		const symbol *key = record_key(r, by, i);
		const struct group *g = &r->groups[i];

		fprintf(out, "group processes=%" PRIu64 " mappings=%" PRIu64 "\n", g->processes,
			g->mappings);
		for (unsigned k = 0; k < by->count; k++) {
			fputs(key_names[by->keys[k]], out);
			if (key[k] == SYMBOL_NONE)
				fputs(" -", out);
			else
				write_value(out, symbols, by->keys[k], key[k]);
			putc('\n', out);
		}
		write_counters(out, &g->counters);
	}
	fputs(LAST_LINE, out);
}

/* Reading. A take_...() takes what is there, if it is; a read_...() fails with *e if it is not. */

struct cursor {
	struct slice text; /* what is left of this record */
	size_t line;
	char *strings; /* where the next string goes; there is room for all that the text has */
	struct intern *symbols;
	struct error *e;
};

static bool malformed(struct cursor *c, const char *what)
{
	error_set(c->e, ERROR_MALFORMED, "line %zu: %s", c->line, what);
	return false;
}

static bool out_of_memory(struct cursor *c)
{
	error_memory(c->e);
	return false;
}

static bool take_text(struct slice *s, const char *text)
{
	struct slice prefix = slice_of(text);

	if (!slice_begins(*s, prefix))
		return false;
	*s = slice_inner(*s, prefix.len, 0);
	return true;
}

/* A whole word. */
static bool take_word(struct cursor *c, const char *word)
{
	struct slice s = c->text;

	if (!take_text(&s, word) || s.len == 0 || (s.ptr[0] != ' ' && s.ptr[0] != '\n'))
		return false;
	c->text = s;
	return true;
}

/* The same with a blank before it. */
static bool take_argument(struct cursor *c, const char *word)
{
	struct slice before = c->text;

	if (take_byte(&c->text, ' ') && take_word(c, word))
		return true;
	c->text = before;
	return false;
}

/* What stands before the value of a field. */
static bool take_field(struct cursor *c, const char *name, const char *relation)
{
	struct slice s = c->text;

	if (!take_byte(&s, ' ') || !take_text(&s, name) || !take_text(&s, relation))
		return false;
	c->text = s;
	return true;
}

static bool read_word(struct cursor *c, const char *word)
{
	if (take_word(c, word))
		return true;
	error_set(c->e, ERROR_MALFORMED, "line %zu: expected \"%s\"", c->line, word);
	return false;
}

static bool read_byte(struct cursor *c, char byte)
{
	return take_byte(&c->text, byte) || malformed(c, "unexpected text");
}

static bool read_line_end(struct cursor *c)
{
	if (!read_byte(c, '\n'))
		return false;
	c->line++;
	return true;
}

typedef size_t take_digits_fn(struct slice *s, uint64_t *value);

static bool read_digits(struct cursor *c, take_digits_fn *take, uint64_t max, uint64_t *value)
{
	struct slice before = c->text;
	size_t n = take(&c->text, value);

	if (n == 0 || *value > max || (n > 1 && before.ptr[0] == '0'))
		return malformed(c, "invalid number");
	return true;
}

static bool read_number(struct cursor *c, uint64_t max, uint64_t *value)
{
	return read_digits(c, take_decimal, max, value);
}

/* A word of a list, as its index. */
static bool read_name(struct cursor *c, const char *const *names, unsigned count, unsigned *index)
{
	for (unsigned i = 0; i < count; i++) {
		if (take_argument(c, names[i])) {
			*index = i;
			return true;
		}
	}
	return malformed(c, "unknown word");
}

/* Takes an escaped byte; one that stands for itself is not to be escaped. */
static bool take_escaped(struct slice *s, char *byte)
{
	unsigned value;

	if (s->len < 4 || !take_text(s, "\\x"))
		return false;
	value = hex_value(s->ptr[0]) << 4 | hex_value(s->ptr[1]);
	*byte = (char)value;
	*s = slice_inner(*s, 2, 0);
	return value < NO_HEX && !is_plain(*byte);
}

/* Lives as long as the cursor's strings. */
static bool read_string(struct cursor *c, struct slice *string)
{
	struct slice s = c->text;
	char *end = c->strings;

	if (!take_byte(&s, '"'))
		return malformed(c, "expected a string");
	while (!take_byte(&s, '"')) {
		if (s.len && is_plain(s.ptr[0])) {
			*end++ = s.ptr[0];
			s = slice_inner(s, 1, 0);
		} else if (!take_escaped(&s, end++)) {
			return malformed(c, "invalid string");
		}
	}
	*string = (struct slice){c->strings, (size_t)(end - c->strings)};
	c->strings = end;
	c->text = s;
	return true;
}

static bool read_identity(struct cursor *c, struct process *p)
{
	uint64_t pid;

	*p = (struct process){.known = 0};
	if (take_field(c, "pid", "=")) {
		if (!read_number(c, INT32_MAX, &pid))
			return false;
		p->known |= PROCESS_PID;
		p->pid = (pid_t)pid;
	}
	if (take_field(c, "start", "=")) {
		if (!read_number(c, UINT64_MAX, &p->start_time))
			return false;
		p->known |= PROCESS_START;
	}
	if (take_field(c, "name", "=")) {
		if (!read_string(c, &p->name))
			return false;
		p->known |= PROCESS_NAME;
	}
	return true;
}

static bool read_process(struct cursor *c, struct process *p)
{
	uint64_t uid;

	if (!read_identity(c, p))
		return false;
	if (take_field(c, "uid", "=")) {
		if (!read_number(c, UINT32_MAX, &uid))
			return false;
		p->known |= PROCESS_UID;
		p->uid = (uint32_t)uid;
	}
	if (take_field(c, "cgroup", "=")) {
		if (!read_string(c, &p->cgroup))
			return false;
		p->known |= PROCESS_CGROUP;
	}
	if (take_field(c, "exe", "=")) {
		if (!read_string(c, &p->exe))
			return false;
		p->known |= PROCESS_EXE;
	}
	return true;
}

static bool check_symbol(struct cursor *c, symbol s)
{
	return s != SYMBOL_NONE || out_of_memory(c);
}

static bool read_label_key(struct cursor *c, symbol *value)
{
	struct slice label;
	unsigned origin;

	if (!read_name(c, origin_names, ORIGIN_COUNT, &origin) || !read_byte(c, ' ') ||
	    !read_string(c, &label))
		return false;
	*value = key_intern_label(c->symbols, (enum origin)origin, label);
	return check_symbol(c, *value);
}

static bool read_process_key(struct cursor *c, symbol *value)
{
	struct process process;

	if (!read_identity(c, &process))
		return false;
	*value = key_intern_process(c->symbols, &process);
	return check_symbol(c, *value);
}

static bool read_string_key(struct cursor *c, symbol *value)
{
	struct slice string;

	if (!read_byte(c, ' ') || !read_string(c, &string))
		return false;
	*value = intern(c->symbols, string);
	return check_symbol(c, *value);
}

static bool read_perms(struct cursor *c, struct mapping *m)
{
	struct slice perms;

	if (!read_byte(c, ' ') || !read_string(c, &perms))
		return false;
	if (perms.len > PERMS_MAX || memchr(perms.ptr, '\0', perms.len))
		return malformed(c, "invalid permissions");
	memcpy(m->perms, perms.ptr, perms.len);
	return true;
}

static bool read_mapping_key(struct cursor *c, symbol *value)
{
	struct mapping m = {.start = 0};
	symbol process, name;

	if (!read_byte(c, ' ') || !read_digits(c, take_hex, UINT64_MAX, &m.start) ||
	    !read_byte(c, '-') || !read_digits(c, take_hex, UINT64_MAX, &m.end) ||
	    !read_perms(c, &m) || !read_label_key(c, &name) || !read_process_key(c, &process))
		return false;
	*value = key_intern_mapping(c->symbols, &m, process, name);
	return check_symbol(c, *value);
}

static bool read_value(struct cursor *c, enum key key, symbol *value)
{
	switch (key) {
	case KEY_LABEL:
	case KEY_FILE:
		return read_label_key(c, value);
	case KEY_PROCESS:
		return read_process_key(c, value);
	case KEY_MAPPING:
		return read_mapping_key(c, value);
	case KEY_SUBSYSTEM:
	case KEY_KIND:
	case KEY_NAME:
	case KEY_USER:
	case KEY_CGROUP:
	case KEY_COUNT:
		break;
	}
	return read_string_key(c, value);
}

static bool read_key_line(struct cursor *c, enum key key, symbol *value)
{
	*value = SYMBOL_NONE;
	return read_word(c, key_names[key]) &&
	       (take_argument(c, "-") || read_value(c, key, value)) && read_line_end(c);
}

static bool read_counter(struct cursor *c, enum counter counter, struct counters *counters)
{
	uint64_t *bytes = &counters->bytes[counter];
	bool known = take_field(c, counter_names[counter], "=");

	if (!known && !take_field(c, counter_names[counter], ">="))
		return true;
	if (!read_number(c, COUNTER_MAX, bytes))
		return false;
	if (!known && *bytes == 0)
		return malformed(c, "an unknown counter that says nothing");
	if (known)
		counters->known |= COUNTER_BIT(counter);
	return true;
}

static bool read_counters_line(struct cursor *c, struct counters *counters)
{
	*counters = (struct counters){.known = 0};
	if (!read_word(c, "counters"))
		return false;
	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (!read_counter(c, (enum counter)i, counters))
			return false;
	}
	return read_line_end(c);
}

static bool read_group_number(struct cursor *c, const char *name, uint64_t *value)
{
	if (!take_field(c, name, "="))
		return malformed(c, "incomplete group");
	return read_number(c, UINT64_MAX, value);
}

/* The rest of a group, behind the word that begins it. */
static bool read_group(struct cursor *c, const struct grouping *by, struct aggregate *groups)
{
	uint32_t before = aggregate_count(groups);
	symbol key[KEY_COUNT];
	struct group group, *added;

	if (!read_group_number(c, "processes", &group.processes) ||
	    !read_group_number(c, "mappings", &group.mappings) || !read_line_end(c))
		return false;
	for (unsigned k = 0; k < by->count; k++) {
		if (!read_key_line(c, by->keys[k], &key[k]))
			return false;
	}
	if (!read_counters_line(c, &group.counters))
		return false;
	added = aggregate_group(groups, key);
	if (!added)
		return out_of_memory(c);
	if (aggregate_count(groups) == before)
		return malformed(c, "the group before is a duplicate");
	*added = group;
	return true;
}

static bool read_groups(struct cursor *c, const struct grouping *by, struct aggregate *groups)
{
	while (take_word(c, "group")) {
		if (!read_group(c, by, groups))
			return false;
	}
	return true;
}

static bool read_by_line(struct cursor *c, const struct grouping *by)
{
	if (!read_word(c, "by"))
		return false;
	for (unsigned k = 0; k < by->count; k++) {
		if (!take_argument(c, key_names[by->keys[k]]))
			return malformed(c, "grouped by other keys");
	}
	return read_line_end(c);
}

static bool read_target_line(struct cursor *c, size_t *target)
{
	uint64_t number;

	if (!read_word(c, "target") || !read_byte(c, ' ') || !read_number(c, SIZE_MAX, &number))
		return false;
	*target = (size_t)number;
	return read_line_end(c);
}

static bool read_name_line(struct cursor *c, const char *word, const char *const *names,
			   unsigned count, unsigned *index)
{
	return read_word(c, word) && read_name(c, names, count, index) && read_line_end(c);
}

static bool read_how_line(struct cursor *c, unsigned *how)
{
	if (!read_word(c, "how"))
		return false;
	for (unsigned i = 0; i < HOW_COUNT; i++) {
		if (take_argument(c, how_names[i]))
			*how |= HOW_BIT(i);
	}
	return read_line_end(c);
}

static bool read_answer_line(struct cursor *c, const char *word, bool *answer)
{
	unsigned index;

	if (!read_name_line(c, word, answers, 2, &index))
		return false;
	*answer = index != 0;
	return true;
}

static bool read_problem_line(struct cursor *c, const char **problem)
{
	struct slice string;

	if (!read_word(c, "problem"))
		return false;
	if (!take_argument(c, "-")) {
		if (!read_byte(c, ' ') || !read_string(c, &string))
			return false;
		if (memchr(string.ptr, '\0', string.len))
			return malformed(c, "invalid sentence");
		*c->strings++ = '\0'; /* there is room where the quotes were */
		*problem = string.ptr;
	}
	return read_line_end(c);
}

static bool read_header(struct cursor *c, const struct grouping *by, struct record *r)
{
	unsigned match, outcome;

	if (!read_by_line(c, by) || !read_target_line(c, &r->target) || !read_word(c, "process") ||
	    !read_process(c, &r->process) || !read_line_end(c) ||
	    !read_name_line(c, "match", match_names, MATCH_COUNT, &match) ||
	    !read_name_line(c, "outcome", outcome_names, OUTCOME_COUNT, &outcome))
		return false;
	r->match = (enum match)match;
	r->outcome = (enum outcome)outcome;
	return read_how_line(c, &r->how) && read_answer_line(c, "swaps_shared", &r->swaps_shared) &&
	       read_answer_line(c, "inexact", &r->inexact) && read_problem_line(c, &r->problem);
}

/* The record with these groups, in one piece. NULL with *e. */
static struct record *join(struct cursor *c, const struct grouping *by, struct record *r,
			   const struct aggregate *groups)
{
	struct record *whole = NULL;

	r->count = aggregate_count(groups);
	r->groups = groups->groups;
	r->keys = calloc((size_t)r->count + 1, by->count * sizeof(*r->keys));
	if (r->keys) {
		for (uint32_t i = 0; i < r->count; i++)
			memcpy(record_key(r, by, i), aggregate_key(groups, i),
			       by->count * sizeof(*r->keys));
		whole = record_copy(r, by);
		free(r->keys);
	}
	if (!whole)
		error_memory(c->e);
	return whole;
}

/* All behind the first line. NULL with *e. */
static struct record *read_rest(struct cursor *c, const struct grouping *by)
{
	struct record r = {.target = 0}, *whole = NULL;
	struct aggregate groups;

	aggregate_init(&groups, by->count);
	if (read_header(c, by, &r) && (r.outcome != OUTCOME_READ || read_groups(c, by, &groups)) &&
	    read_word(c, "end") && read_line_end(c))
		whole = join(c, by, &r, &groups);
	aggregate_free(&groups);
	return whole;
}

/* Cuts off what is behind the record. No string holds a newline. */
static bool find_end(struct cursor *c)
{
	static const char last[] = "\n" LAST_LINE;
	const char *end = memmem(c->text.ptr, c->text.len, last, strlen(last));
	struct slice line;

	if (end) {
		c->text.len = (size_t)(end - c->text.ptr) + strlen(last);
		return true;
	}
	while (take_line(&c->text, &line))
		c->line++;
	return malformed(c, "the record does not end");
}

struct record *record_read(struct slice *text, const struct grouping *by, struct intern *symbols,
			   struct error *e)
{
	struct cursor c = {.text = *text, .line = 1, .symbols = symbols, .e = e};
	struct record *r;
	char *strings;

	if (!take_text(&c.text, FIRST_LINE)) {
		malformed(&c, "not a record that this version reads");
		return NULL;
	}
	c.line++;
	if (!find_end(&c))
		return NULL;
	strings = c.strings = malloc(c.text.len);
	if (!strings) {
		out_of_memory(&c);
		return NULL;
	}
	r = read_rest(&c, by);
	free(strings);
	if (r)
		*text = slice_inner(*text, (size_t)(c.text.ptr - text->ptr), 0);
	return r;
}
