#include "parse/bugreport.h"

#include "parse/number.h"

#include <errno.h>

static const struct slice title_begins = SLICE_INIT("------ "), title_ends = SLICE_INIT(" ------");
static const struct slice show_map = SLICE_INIT("SHOW MAP ");

/* The line above the head of a bug report. */
static bool is_rule(struct slice line)
{
	enum { LEAST = 40 };

	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] != '=')
			return false;
	}
	return line.len >= LEAST;
}

static bool is_head(struct slice line)
{
	return slice_begins(line, SLICE("== dumpstate: "));
}

/* "------ TEXT ------"; leaves TEXT. */
static bool is_title(struct slice *line)
{
	if (line->len < title_begins.len + title_ends.len || !slice_begins(*line, title_begins) ||
	    !slice_ends(*line, title_ends))
		return false;
	*line = slice_inner(*line, title_begins.len, title_ends.len);
	return true;
}

bool bugreport_begins(struct slice line)
{
	line = trim_end(line);
	if (is_rule(line) || is_head(line) || showmap_begins(line))
		return true;
	return is_title(&line) && (slice_begins(line, show_map) ||
				   slice_begins(line, SLICE("SMAPS OF ALL PROCESSES")));
}

/* "0.085s was the duration of 'TITLE'". */
static bool is_duration(struct slice title)
{
	return memmem(title.ptr, title.len, " was the duration of '",
		      strlen(" was the duration of '")) != NULL;
}

/* "620 (/system/bin/netd) (showmap -q 620)": the process and the command that printed the table.
 * Only the command is trustworthy; a name can contain anything. */
static bool parse_process(struct slice text, struct separator *s)
{
	static const struct slice between = SLICE_INIT(") (");
	uint64_t pid;
	size_t end = 0;

	if (take_decimal(&text, &pid) == 0 || pid == 0 || pid > SEPARATOR_PID_MAX)
		return false;
	*s = (struct separator){.kind = SEPARATOR_PROCESS, .pid = (int32_t)pid};
	if (!slice_begins(text, SLICE(" (")))
		return true;
	text = slice_inner(text, strlen(" ("), 0);
	for (size_t i = 0; i + between.len <= text.len; i++) {
		if (slice_begins(slice_inner(text, i, 0), between))
			end = i;
	}
	s->name = (struct slice){text.ptr, end};
	if (end && text.ptr[0] == '/')
		s->name = slice_base_name(s->name);
	return true;
}

void bugreport_begin_process(struct bugreport *b, struct separator *s)
{
	s->cut = bugreport_is_cut(b);
	b->in_process = true;
	b->has_table = false;
	b->pid = s->pid;
	b->table.state = SHOWMAP_OUTSIDE;
}

static enum bugreport_line fail_process(struct bugreport *b, int number, struct separator *s)
{
	b->in_process = false;
	*s = (struct separator){.kind = SEPARATOR_FAILURE, .pid = b->pid, .number = number};
	return BUGREPORT_SEPARATOR;
}

static enum bugreport_line take_title(struct bugreport *b, struct slice title, struct separator *s)
{
	bool may_be = b->in_section || b->form == BUGREPORT_TABLES;

	if (may_be && slice_begins(title, show_map)) {
		if (!parse_process(slice_inner(title, show_map.len, 0), s))
			return BUGREPORT_NOTHING;
		bugreport_begin_process(b, s);
		return BUGREPORT_SEPARATOR;
	}
	if (is_duration(title)) {
		/* showmap -q prints nothing for a process that has ended. */
		if (b->in_process && !b->has_table)
			return fail_process(b, ESRCH, s);
		b->in_process = false;
		return BUGREPORT_NOTHING;
	}
	b->in_section = slice_begins(title, SLICE("SMAPS OF ALL PROCESSES"));
	b->has_section |= b->in_section;
	b->in_process = false;
	return BUGREPORT_NOTHING;
}

/* Messages of dumpstate and showmap that stand in place of a table. */
static enum bugreport_line take_message(struct bugreport *b, struct slice line, struct separator *s)
{
	static const struct slice failed = SLICE_INIT("Failed to parse file /proc/");
	bool of_process = b->in_process && !b->has_table;
	uint64_t pid;

	if (of_process && slice_begins(line, SLICE("Skipping '")))
		return fail_process(b, EACCES, s);
	if (of_process && slice_begins(line, SLICE("*** command '")))
		return fail_process(b, memmem(line.ptr, line.len, "timed out", 9) ? EACCES : ESRCH,
				    s);
	if (b->form != BUGREPORT_TABLES || !slice_begins(line, failed))
		return b->form == BUGREPORT_TABLES && line.len ? BUGREPORT_OTHER
							       : BUGREPORT_NOTHING;
	line = slice_inner(line, failed.len, 0);
	if (take_decimal(&line, &pid) == 0 || pid == 0 || pid > SEPARATOR_PID_MAX)
		return BUGREPORT_OTHER;
	b->pid = (int32_t)pid;
	return fail_process(b, EACCES, s);
}

/* A table without a line that names its process is a process of its own. */
static enum bugreport_line begin_table(struct bugreport *b, bool was_open, struct separator *s)
{
	bool follows = b->has_table;

	b->has_table = true;
	if (!follows)
		return BUGREPORT_NOTHING;
	*s = (struct separator){.kind = SEPARATOR_PROCESS, .cut = was_open};
	b->pid = 0;
	return BUGREPORT_SEPARATOR;
}

static enum bugreport_line take_table_line(struct bugreport *b, struct slice line,
					   struct mapping *m, struct separator *s)
{
	bool was_open = bugreport_is_cut(b);

	switch (showmap_take(&b->table, line, m)) {
	case SHOWMAP_BEGIN:
		return begin_table(b, was_open, s);
	case SHOWMAP_MAPPING:
		return BUGREPORT_MAPPING;
	case SHOWMAP_NOTHING:
	case SHOWMAP_END:
		return BUGREPORT_NOTHING;
	case SHOWMAP_OTHER:
		return take_message(b, trim_end(line), s);
	case SHOWMAP_MALFORMED:
		break;
	}
	if (b->form == BUGREPORT_TABLES)
		return BUGREPORT_MALFORMED;
	b->in_process = false; /* cut short; reported with the next process */
	return BUGREPORT_NOTHING;
}

static enum bugreport_line start(struct bugreport *b, struct slice line)
{
	if (is_rule(line)) {
		b->form = BUGREPORT_STARTED;
		return BUGREPORT_NOTHING;
	}
	if (is_head(line)) {
		b->form = BUGREPORT_TEXT;
		return BUGREPORT_NOTHING;
	}
	if (b->form == BUGREPORT_STARTED)
		return BUGREPORT_OTHER;
	b->form = BUGREPORT_TABLES;
	return BUGREPORT_OTHER;
}

enum bugreport_line bugreport_take(struct bugreport *b, struct slice line, struct mapping *m,
				   struct separator *s)
{
	struct slice title = trim_end(line);

	if (b->form == BUGREPORT_NONE || b->form == BUGREPORT_STARTED) {
		enum bugreport_line first = start(b, title);

		if (b->form != BUGREPORT_TABLES)
			return first;
	}
	if (is_title(&title))
		return take_title(b, title, s);
	if (b->form == BUGREPORT_TEXT && !b->in_process)
		return BUGREPORT_NOTHING;
	return take_table_line(b, line, m, s);
}

bool bugreport_is_empty(const struct bugreport *b)
{
	return b->form == BUGREPORT_STARTED || (b->form == BUGREPORT_TEXT && !b->has_section);
}

bool bugreport_is_cut(const struct bugreport *b)
{
	return showmap_is_open(&b->table);
}
