/*
 * JSON by the contract anonmem-1.schema.json, described in anonmem-json(5).
 *
 * cJSON keeps numbers as doubles, which are exact only to 2^53, so integers go into the tree as raw
 * text, exact to the last byte. Groups are written one by one, so that memory does not grow with
 * their number.
 */
#include "base/escape.h"
#include "base/textstream.h"
#include "render/render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <wctype.h>

#include <cjson/cJSON.h>

static cJSON *integer(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	return cJSON_CreateRaw(text);
}

/* Text that is not UTF-8 has no JSON form; it is shown as the table shows it. Without memory it is
 * as it was. */
static struct slice as_utf8(struct slice text, char **owned)
{
	*owned = utf8_valid(text) ? NULL : escape_string(text);
	return *owned ? slice_of(*owned) : text;
}

static void write_escaped(uint32_t code, FILE *out)
{
	if (code >= 0x10000) {
		code -= 0x10000;
		fprintf(out, "\\u%04" PRIx32, 0xd800 + (code >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	fprintf(out, "\\u%04" PRIx32, code);
}

/* A string literal in which everything that could act on a terminal is written by its number; cJSON
 * itself would let DEL, C1 controls and marks of direction pass. */
static cJSON *string(struct slice text)
{
	char *owned, *literal = NULL;
	struct slice rest = as_utf8(text, &owned);
	size_t size, len;
	uint32_t code;
	FILE *out = textstream_open(&literal, &size);
	cJSON *json = NULL;

	if (!out || !utf8_valid(rest)) {
		if (out)
			fclose(out);
		free(literal);
		free(owned);
		return NULL;
	}
	putc('"', out);
	for (; (len = utf8_decode(rest, &code)) > 0; rest = slice_inner(rest, len, 0)) {
		if (code == '"' || code == '\\')
			fprintf(out, "\\%c", (char)code);
		else if (code < 0x80 ? code >= 0x20 && code < 0x7f : escape_is_printable(code))
			fwrite(rest.ptr, 1, len, out);
		else
			write_escaped(code, out);
	}
	putc('"', out);
	if (textstream_close(out, &literal))
		json = cJSON_CreateRaw(literal);
	free(literal);
	free(owned);
	return json;
}

static cJSON *string_or_null(const char *text)
{
	return text[0] ? string(slice_of(text)) : cJSON_CreateNull();
}

/* A node that could not be made leaves its parent without it; NULL all the way up means that. */
static bool put(cJSON *object, const char *name, cJSON *value)
{
	if (object && value && cJSON_AddItemToObject(object, name, value))
		return true;
	cJSON_Delete(value);
	return false;
}

static bool append(cJSON *array, cJSON *value)
{
	if (array && value && cJSON_AddItemToArray(array, value))
		return true;
	cJSON_Delete(value);
	return false;
}

static cJSON *history(const struct trend *t)
{
	cJSON *array = cJSON_CreateArray();
	bool whole = true;

	for (unsigned i = 0; i < t->history_count && whole; i++)
		whole = append(array, integer(t->history[i]));
	if (whole)
		return array;
	cJSON_Delete(array);
	return NULL;
}

static cJSON *cell_value(const struct column *column, const struct cell *cell)
{
	char text[32];

	if (!cell->known)
		return cJSON_CreateNull();
	switch (column->type) {
	case CELL_TEXT:
		return string(cell->text);
	case CELL_PERCENT:
		snprintf(text, sizeof(text), "%.3f", cell->percent);
		return cJSON_CreateRaw(text);
	case CELL_ADDRESS:
		snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", cell->number);
		return cJSON_CreateRaw(text);
	case CELL_CHANGE:
		snprintf(text, sizeof(text), "%" PRId64, cell->change);
		return cJSON_CreateRaw(text);
	case CELL_STATE:
		return string(slice_of(trend_names[cell->number]));
	case CELL_GRAPH:
		return history(cell->graph);
	case CELL_NUMBER:
	case CELL_BYTES:
		break;
	}
	return integer(cell->number);
}

/* One group, or the totals, which have no keys. */
static cJSON *group(const struct report *r, const struct cell *row, size_t first)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = object != NULL;

	for (size_t c = first; c < r->column_count && whole; c++) {
		const struct column *column = r->columns[c];

		if (row[c].known || !column->never_unknown)
			whole = put(object, column->name, cell_value(column, &row[c]));
	}
	if (whole)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *tool(const struct render_options *options)
{
	cJSON *object = cJSON_CreateObject();

	if (put(object, "name", string(SLICE("anonmem"))) &&
	    put(object, "version", string(slice_of(options->version))))
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *moment(const struct machine *m)
{
	char text[40];
	struct tm utc;

	if (!m->time_known || !gmtime_r(&m->time.tv_sec, &utc))
		return cJSON_CreateNull();
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return string(slice_of(text));
}

static cJSON *answer(enum answer a)
{
	return a == ANSWER_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(a == ANSWER_YES);
}

static cJSON *source(const struct report *r, const struct render_options *options)
{
	static const char *const kinds[] = {
		[SOURCE_PROC] = "proc", [SOURCE_TREE] = "tree", [SOURCE_SMAPS] = "smaps"};
	cJSON *object = cJSON_CreateObject(), *paths = NULL;
	bool whole = put(object, "kind", string(slice_of(kinds[r->snapshot->source])));

	if (whole)
		paths = cJSON_AddArrayToObject(object, "paths");
	for (size_t i = 0; i < options->path_count && whole; i++)
		whole = append(paths, string(slice_of(options->paths[i])));
	if (whole)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *keys(const struct grouping *by)
{
	const char *names[KEY_COUNT];

	for (unsigned i = 0; i < by->count; i++)
		names[i] = key_names[by->keys[i]];
	return cJSON_CreateStringArray(names, (int)by->count);
}

static cJSON *coverage(const struct coverage *c)
{
	static const char *const names[OUTCOME_COUNT] = {
		[OUTCOME_READ] = "read",	   [OUTCOME_NO_MEMORY] = "no_memory",
		[OUTCOME_DENIED] = "denied",	   [OUTCOME_VANISHED] = "vanished",
		[OUTCOME_TRUNCATED] = "truncated", [OUTCOME_MALFORMED] = "malformed",
	};
	cJSON *object = cJSON_CreateObject();
	bool whole = put(object, "seen", integer(c->seen));

	for (int i = 0; i < OUTCOME_COUNT && whole; i++)
		whole = put(object, names[i], integer(c->by_outcome[i]));
	if (whole)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *meminfo(const struct machine *m)
{
	cJSON *object;
	bool whole = true;

	if (!m->meminfo_known)
		return cJSON_CreateNull();
	object = cJSON_CreateObject();
	for (int i = 0; i < MEMINFO_COUNT && whole; i++)
		whole = put(object, meminfo_names[i].json,
			    m->meminfo.known[i] ? integer(m->meminfo.bytes[i])
						: cJSON_CreateNull());
	if (whole)
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *sentences(char *const *lines, size_t count)
{
	cJSON *array = cJSON_CreateArray();
	bool whole = true;

	for (size_t i = 0; i < count && whole; i++)
		whole = append(array, string(slice_of(lines[i])));
	if (whole)
		return array;
	cJSON_Delete(array);
	return NULL;
}

/* Writes one node on one line and frees it. False when there is no memory. */
static bool write_node(cJSON *node, FILE *out)
{
	char *text = node ? cJSON_PrintUnformatted(node) : NULL;

	cJSON_Delete(node);
	if (!text)
		return false;
	fputs(text, out);
	cJSON_free(text);
	return true;
}

/* On one line, or on many for people. */
struct form {
	const char *line, *indent;
};

static bool write_member(const struct form *form, const char *name, cJSON *value, FILE *out)
{
	fprintf(out, "%s\"%s\":%s", form->indent, name, *form->line ? " " : "");
	return write_node(value, out);
}

static void end_member(const struct form *form, FILE *out)
{
	fprintf(out, ",%s", form->line);
}

static bool write_groups(const struct form *form, const struct report *r, FILE *out)
{
	fprintf(out, "%s\"groups\":%s[", form->indent, *form->line ? " " : "");
	for (size_t i = 0; i < r->row_count; i++) {
		fprintf(out, "%s%s%s%s", i ? "," : "", form->line, form->indent, form->indent);
		if (!write_node(group(r, report_row(r, i), 0), out))
			return false;
	}
	if (r->row_count)
		fprintf(out, "%s%s", form->line, form->indent);
	fputs("],", out);
	fputs(form->line, out);
	return true;
}

static bool write_count(const struct form *form, const char *name, uint64_t n, FILE *out)
{
	bool whole = write_member(form, name, integer(n), out);

	end_member(form, out);
	return whole;
}

/* Everything up to the groups. */
static bool write_head(const struct form *form, const struct report *r,
		       const struct render_options *o, FILE *out)
{
	const struct snapshot *s = r->snapshot;
	const struct machine *m = &s->machine;
	struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"schema", string(SLICE("anonmem/1"))},
		{"tool", tool(o)},
		{"time", moment(m)},
		{"host", string_or_null(m->host)},
		{"kernel", string_or_null(m->kernel)},
		{"page_size",
		 m->page_size > 0 ? integer((uint64_t)m->page_size) : cJSON_CreateNull()},
		{"kernel_labels", answer(m->keeps_labels)},
		{"source", source(r, o)},
		{"read", string(s->stats.scanned ? SLICE("scan") : SLICE("smaps"))},
		{"by", keys(&s->by)},
		{"coverage", coverage(&s->coverage)},
		{"totals", group(r, r->totals, r->key_column_count)},
	};
	bool whole = !s->trends || (write_count(form, "refresh", s->refresh, out) &&
				    write_count(form, "kept", s->kept, out));

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		whole = write_member(form, members[i].name, members[i].value, out) && whole;
		end_member(form, out);
	}
	return whole;
}

static int render(const struct report *r, const struct render_options *o, FILE *out,
		  struct error *e)
{
	static const struct form lines = {"\n", "  "}, line = {"", ""};
	const struct form *form = o->one_line ? &line : &lines;

	fprintf(out, "{%s", form->line);
	if (!write_head(form, r, o, out) || !write_groups(form, r, out) ||
	    !write_member(form, "meminfo", meminfo(&r->snapshot->machine), out))
		return error_memory(e);
	end_member(form, out);
	if (r->snapshot->verified) {
		if (!write_member(form, "checks", sentences(r->checks, r->check_count), out))
			return error_memory(e);
		end_member(form, out);
	}
	if (!write_member(form, "notes", sentences(r->notes, r->note_count), out))
		return error_memory(e);
	fprintf(out, "%s}\n", form->line);
	return 0;
}

const struct renderer render_json = {"json", true, true, render};
