#include "model/cursor.h"
#include "model/record_text.h"
#include "model/record_words.h"
#include "parse/number.h"

#include <inttypes.h>
#include <stdlib.h>

static bool out_of_memory(struct cursor *c)
{
	error_memory(c->e);
	return false;
}

static bool read_identity(struct cursor *c, struct process *p)
{
	uint64_t pid;

	*p = (struct process){.known = 0};
	if (cursor_take_field(c, "pid", "=")) {
		if (!cursor_decimal(c, INT32_MAX, &pid))
			return false;
		p->known |= PROCESS_PID;
		p->pid = (pid_t)pid;
	}
	if (cursor_take_field(c, "start", "=")) {
		if (!cursor_decimal(c, UINT64_MAX, &p->start_time))
			return false;
		p->known |= PROCESS_START;
	}
	if (cursor_take_field(c, "name", "=")) {
		if (!cursor_string(c, &p->name))
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
	if (cursor_take_field(c, "uid", "=")) {
		if (!cursor_decimal(c, UINT32_MAX, &uid))
			return false;
		p->known |= PROCESS_UID;
		p->uid = (uint32_t)uid;
	}
	if (cursor_take_field(c, "cgroup", "=")) {
		if (!cursor_string(c, &p->cgroup))
			return false;
		p->known |= PROCESS_CGROUP;
	}
	if (cursor_take_field(c, "exe", "=")) {
		if (!cursor_string(c, &p->exe))
			return false;
		p->known |= PROCESS_EXE;
	}
	if (cursor_take_field(c, "command", "=")) {
		if (!cursor_string(c, &p->command))
			return false;
		p->known |= PROCESS_COMMAND;
	}
	return true;
}

static bool check_symbol(struct cursor *c, symbol s)
{
	return s != SYMBOL_NONE || out_of_memory(c);
}

static bool read_label_key(struct cursor *c, struct intern *symbols, symbol *value)
{
	struct slice label;
	unsigned origin;

	if (!cursor_word(c, origin_names, ORIGIN_COUNT, &origin) || !cursor_byte(c, ' ') ||
	    !cursor_string(c, &label))
		return false;
	*value = key_intern_label(symbols, (enum origin)origin, label);
	return check_symbol(c, *value);
}

static bool read_process_key(struct cursor *c, struct intern *symbols, symbol *value)
{
	struct process process;

	if (!read_identity(c, &process))
		return false;
	*value = key_intern_process(symbols, &process);
	return check_symbol(c, *value);
}

static bool read_string_key(struct cursor *c, struct intern *symbols, symbol *value)
{
	struct slice string;

	if (!cursor_byte(c, ' ') || !cursor_string(c, &string))
		return false;
	*value = intern(symbols, string);
	return check_symbol(c, *value);
}

static bool read_perms(struct cursor *c, struct mapping *m)
{
	struct slice perms;

	if (!cursor_byte(c, ' ') || !cursor_string(c, &perms))
		return false;
	if (perms.len > PERMS_MAX || memchr(perms.ptr, '\0', perms.len))
		return cursor_malformed(c, "invalid permissions");
	memcpy(m->perms, perms.ptr, perms.len);
	return true;
}

static bool read_mapping_key(struct cursor *c, struct intern *symbols, symbol *value)
{
	struct mapping m = {.start = 0};
	symbol process, name;

	if (!cursor_byte(c, ' ') || !cursor_hex(c, &m.start) || !cursor_byte(c, '-') ||
	    !cursor_hex(c, &m.end) || !read_perms(c, &m) || !read_label_key(c, symbols, &name) ||
	    !read_process_key(c, symbols, &process))
		return false;
	*value = key_intern_mapping(symbols, &m, process, name);
	return check_symbol(c, *value);
}

static bool read_part_number(struct cursor *c, const char *name, uint64_t max, uint64_t *value)
{
	if (!cursor_take_field(c, name, "="))
		return cursor_malformed(c, "incomplete shared memory");
	return cursor_decimal(c, max, value);
}

static bool read_segment(struct cursor *c, struct segment_id *id)
{
	uint64_t major, minor;

	if (!read_part_number(c, "device", UINT32_MAX, &major) || !cursor_byte(c, ':') ||
	    !cursor_decimal(c, UINT32_MAX, &minor) ||
	    !read_part_number(c, "inode", UINT64_MAX, &id->inode))
		return false;
	id->dev_major = (uint32_t)major;
	id->dev_minor = (uint32_t)minor;
	id->space = SPACE_NONE;
	if (!cursor_take_field(c, "ipc", "="))
		return true;
	if (!cursor_decimal(c, UINT64_MAX, &id->space))
		return false;
	return id->space != SPACE_NONE || cursor_malformed(c, "invalid namespace");
}

static bool read_segment_key(struct cursor *c, struct intern *symbols, symbol *value)
{
	struct segment_identity s;

	if (!read_segment(c, &s.id) || !cursor_byte(c, ' ') || !cursor_string(c, &s.name))
		return false;
	*value = key_intern_segment(symbols, &s.id, s.name);
	return check_symbol(c, *value);
}

static bool read_value(struct cursor *c, struct intern *symbols, enum key key, symbol *value)
{
	switch (key) {
	case KEY_LABEL:
	case KEY_FILE:
		return read_label_key(c, symbols, value);
	case KEY_PROCESS:
		return read_process_key(c, symbols, value);
	case KEY_MAPPING:
		return read_mapping_key(c, symbols, value);
	case KEY_SEGMENT:
		return read_segment_key(c, symbols, value);
	default:
		return read_string_key(c, symbols, value);
	}
}

static bool read_key_line(struct cursor *c, struct intern *symbols, enum key key, symbol *value)
{
	*value = SYMBOL_NONE;
	return cursor_expect(c, key_names[key]) &&
	       (cursor_take_word(c, "-") || read_value(c, symbols, key, value)) &&
	       cursor_end_line(c);
}

static bool read_counter(struct cursor *c, enum counter counter, struct counters *counters)
{
	uint64_t *bytes = &counters->bytes[counter];
	bool known = cursor_take_field(c, record_counter_names[counter], "=");

	if (!known && !cursor_take_field(c, record_counter_names[counter], ">="))
		return true;
	if (!cursor_decimal(c, COUNTER_MAX, bytes))
		return false;
	if (!known && *bytes == 0)
		return cursor_malformed(c, "an unknown counter that says nothing");
	if (known)
		counters->known |= COUNTER_BIT(counter);
	return true;
}

static bool read_counters_line(struct cursor *c, struct counters *counters)
{
	*counters = (struct counters){.known = 0};
	if (!cursor_expect(c, "counters"))
		return false;
	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (!read_counter(c, (enum counter)i, counters))
			return false;
	}
	return cursor_end_line(c);
}

static bool read_heap_number(struct cursor *c, const char *name, uint64_t *value)
{
	if (!cursor_take_field(c, name, "="))
		return cursor_malformed(c, "incomplete heap");
	return cursor_decimal(c, COUNTER_MAX, value);
}

/* The line may be missing. */
static bool read_heap_line(struct cursor *c, struct heap_use *heap)
{
	*heap = (struct heap_use){.known = false};
	if (!cursor_take(c, "heap"))
		return true;
	if (cursor_take_field(c, "used", "=")) {
		heap->known = true;
		if (!cursor_decimal(c, COUNTER_MAX, &heap->used) ||
		    !read_heap_number(c, "free", &heap->free) ||
		    !read_heap_number(c, "trimmable", &heap->trimmable))
			return false;
	}
	heap->partial = cursor_take_word(c, "partial");
	if (!heap->known && !heap->partial)
		return cursor_malformed(c, "a heap that says nothing");
	return cursor_end_line(c);
}

static bool read_group_number(struct cursor *c, const char *name, uint64_t *value)
{
	if (!cursor_take_field(c, name, "="))
		return cursor_malformed(c, "incomplete group");
	return cursor_decimal(c, UINT64_MAX, value);
}

/* Reads the rest of a group, after its first word. */
static bool read_group(struct cursor *c, struct intern *symbols, const struct grouping *by,
		       struct aggregate *groups)
{
	uint32_t before = aggregate_count(groups);
	symbol key[KEY_COUNT];
	struct group group = {.processes = 0}, *added;

	if (!read_group_number(c, "processes", &group.processes) ||
	    !read_group_number(c, "mappings", &group.mappings) || !cursor_end_line(c))
		return false;
	for (unsigned k = 0; k < by->count; k++) {
		if (!read_key_line(c, symbols, by->keys[k], &key[k]))
			return false;
	}
	if (!read_counters_line(c, &group.counters) || !read_heap_line(c, &group.heap))
		return false;
	added = aggregate_group(groups, key);
	if (!added)
		return out_of_memory(c);
	if (aggregate_count(groups) == before)
		return cursor_malformed(c, "the group before is a duplicate");
	*added = group;
	return true;
}

static bool read_groups(struct cursor *c, struct intern *symbols, const struct grouping *by,
			struct aggregate *groups)
{
	while (cursor_take(c, "group")) {
		if (!read_group(c, symbols, by, groups))
			return false;
	}
	return true;
}

static bool read_part_group(struct cursor *c, uint32_t groups, uint32_t *group)
{
	uint64_t number;

	if (cursor_take(c, " group=-")) {
		*group = GROUP_NONE;
		return true;
	}
	if (!read_part_number(c, "group", UINT32_MAX, &number))
		return false;
	if (number >= groups)
		return cursor_malformed(c, "swapped memory of no group");
	*group = (uint32_t)number;
	return true;
}

/* Reads the rest of a part, after its first word. */
static bool read_part(struct cursor *c, uint32_t groups, struct swapped_part *part)
{
	return read_part_group(c, groups, &part->group) && read_segment(c, &part->segment) &&
	       cursor_byte(c, ' ') && cursor_hex(c, &part->start) && cursor_byte(c, '-') &&
	       cursor_hex(c, &part->end) &&
	       read_part_number(c, "offset", UINT64_MAX, &part->offset) &&
	       read_part_number(c, "bytes", COUNTER_MAX, &part->swapped) && cursor_end_line(c);
}

/* The capacity is the power of two at or above the count. */
static bool add_part(struct cursor *c, struct record *r, const struct swapped_part *part)
{
	uint32_t count = r->part_count;

	if ((count & (count - 1)) == 0) {
		struct swapped_part *larger =
			reallocarray(r->parts, count ? 2 * (size_t)count : 1, sizeof(*larger));

		if (!larger)
			return out_of_memory(c);
		r->parts = larger;
	}
	if (count && r->parts[count - 1].group > part->group)
		return cursor_malformed(c, "swapped memory is not in the order of groups");
	r->parts[r->part_count++] = *part;
	return true;
}

static bool read_parts(struct cursor *c, uint32_t groups, struct record *r)
{
	while (cursor_take(c, "swapped")) {
		struct swapped_part part;

		if (!read_part(c, groups, &part) || !add_part(c, r, &part))
			return false;
	}
	return true;
}

static bool read_by_line(struct cursor *c, const struct grouping *by)
{
	if (!cursor_expect(c, "by"))
		return false;
	for (unsigned k = 0; k < by->count; k++) {
		if (!cursor_take_word(c, key_names[by->keys[k]]))
			return cursor_malformed(c, "grouped by other keys");
	}
	return cursor_end_line(c);
}

static bool read_target_line(struct cursor *c, size_t *target)
{
	uint64_t number;

	if (!cursor_expect(c, "target") || !cursor_byte(c, ' ') ||
	    !cursor_decimal(c, SIZE_MAX, &number))
		return false;
	*target = (size_t)number;
	return cursor_end_line(c);
}

static bool read_name_line(struct cursor *c, const char *word, const char *const *names,
			   unsigned count, unsigned *index)
{
	return cursor_expect(c, word) && cursor_word(c, names, count, index) && cursor_end_line(c);
}

static bool read_how_line(struct cursor *c, unsigned *how)
{
	if (!cursor_expect(c, "how"))
		return false;
	for (unsigned i = 0; i < HOW_COUNT; i++) {
		if (cursor_take_word(c, record_how_names[i]))
			*how |= HOW_BIT(i);
	}
	return cursor_end_line(c);
}

static bool read_answer_line(struct cursor *c, const char *word, bool *answer)
{
	unsigned index;

	if (!read_name_line(c, word, record_answers, 2, &index))
		return false;
	*answer = index != 0;
	return true;
}

static bool read_number_line(struct cursor *c, const char *word, uint64_t max, bool *known,
			     uint64_t *number)
{
	if (!cursor_expect(c, word))
		return false;
	*known = !cursor_take_word(c, "-");
	if (*known && !(cursor_byte(c, ' ') && cursor_decimal(c, max, number)))
		return false;
	return cursor_end_line(c);
}

static bool read_shares_line(struct cursor *c, pid_t *with)
{
	uint64_t number = 0;
	bool known;

	if (!read_number_line(c, "shares_with", INT32_MAX, &known, &number))
		return false;
	if (known && number == 0)
		return cursor_malformed(c, "invalid process id");
	*with = (pid_t)number;
	return true;
}

static bool read_problem_line(struct cursor *c, const char **problem)
{
	struct slice string;

	if (!cursor_expect(c, "problem"))
		return false;
	if (!cursor_take_word(c, "-")) {
		if (!cursor_byte(c, ' ') || !cursor_string(c, &string))
			return false;
		if (memchr(string.ptr, '\0', string.len))
			return cursor_malformed(c, "invalid sentence");
		*c->strings++ = '\0'; /* the quotes leave room for it */
		*problem = string.ptr;
	}
	return cursor_end_line(c);
}

static bool read_header(struct cursor *c, const struct grouping *by, struct record *r)
{
	unsigned match, outcome;

	if (!read_by_line(c, by) || !read_target_line(c, &r->target) ||
	    !cursor_expect(c, "process") || !read_process(c, &r->process) || !cursor_end_line(c) ||
	    !read_name_line(c, "match", record_match_names, MATCH_COUNT, &match) ||
	    !read_name_line(c, "outcome", outcome_names, OUTCOME_COUNT, &outcome))
		return false;
	r->match = (enum match)match;
	r->outcome = (enum outcome)outcome;
	return read_how_line(c, &r->how) && read_answer_line(c, "swaps_shared", &r->swaps_shared) &&
	       read_shares_line(c, &r->shares_with) &&
	       read_number_line(c, "resident", UINT64_MAX, &r->resident_known, &r->resident) &&
	       read_answer_line(c, "inexact", &r->inexact) && read_problem_line(c, &r->problem);
}

/* Makes a single allocation of the record and its groups. NULL with *e. */
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

/* Reads everything after the first line. NULL with *e. */
static struct record *read_rest(struct cursor *c, struct intern *symbols, const struct grouping *by)
{
	struct record r = {.target = 0}, *whole = NULL;
	struct aggregate groups;

	aggregate_init(&groups, by->count);
	if (read_header(c, by, &r) &&
	    (r.outcome != OUTCOME_READ || (read_groups(c, symbols, by, &groups) &&
					   read_parts(c, aggregate_count(&groups), &r))) &&
	    cursor_expect(c, "end") && cursor_end_line(c))
		whole = join(c, by, &r, &groups);
	free(r.parts);
	aggregate_free(&groups);
	return whole;
}

/* Cuts off what follows the record. No string contains a newline. */
static bool find_end(struct cursor *c)
{
	static const char last[] = "\n" RECORD_LAST_LINE;
	const char *end = memmem(c->text.ptr, c->text.len, last, strlen(last));
	struct slice line;

	if (end) {
		c->text.len = (size_t)(end - c->text.ptr) + strlen(last);
		return true;
	}
	while (take_line(&c->text, &line))
		c->line++;
	return cursor_malformed(c, "the record does not end");
}

struct record *record_read(struct slice *text, const struct grouping *by, struct intern *symbols,
			   struct error *e)
{
	struct cursor c = {.text = *text, .line = 1, .e = e};
	struct record *r;
	char *strings;

	if (!cursor_take(&c, RECORD_FIRST_LINE)) {
		cursor_malformed(&c, "not a record that this version reads");
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
	r = read_rest(&c, symbols, by);
	free(strings);
	if (r)
		*text = slice_inner(*text, (size_t)(c.text.ptr - text->ptr), 0);
	return r;
}
