/*
 * JSON as specified by anonmem-1.schema.json and anonmem-json(5).
 *
 * Groups are written one by one, so that memory use does not grow with their number.
 */
#include "base/json.h"
#include "render/parts.h"
#include "render/render.h"

#include <inttypes.h>
#include <stdlib.h>

/* Adds "swap_pss_min" next to a "swap_pss" that is null. */
static bool put_least(cJSON *object, const struct column *column, const struct cell *cell)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_min", column->name);
	return json_put(object, name, json_integer(cell->number));
}

/* A group; or the totals, which have no keys. */
static cJSON *group(const struct report *r, const struct cell *row, size_t first)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = object != NULL;

	for (size_t c = first; c < r->column_count && whole; c++) {
		const struct column *column = r->columns[c];

		if (row == r->totals && column->role == COLUMN_PROCESS)
			continue;
		if (row[c].known || !column->never_unknown)
			whole = json_put(object, column->name, json_cell(column, &row[c]));
		if (row[c].at_least && whole)
			whole = put_least(object, column, &row[c]);
	}
	return json_finish(whole, object);
}

static cJSON *source(const struct report *r, const struct render_options *options)
{
	static const char *const kinds[] = {[SOURCE_PROC] = "proc",
					    [SOURCE_TREE] = "tree",
					    [SOURCE_SMAPS] = "smaps",
					    [SOURCE_RECORDING] = "recording"};
	cJSON *object = cJSON_CreateObject(), *paths = NULL;
	bool whole = json_put(object, "kind", json_string(slice_of(kinds[r->snapshot->source])));

	if (whole)
		paths = cJSON_AddArrayToObject(object, "paths");
	for (size_t i = 0; i < options->path_count && whole; i++)
		whole = json_append(paths, json_string(slice_of(options->paths[i])));
	if (r->snapshot->sample)
		whole = whole && json_put(object, "sample", json_integer(r->snapshot->sample));
	return json_finish(whole, object);
}

static cJSON *meminfo(const struct machine *m)
{
	cJSON *object;
	bool whole = true;

	if (!m->meminfo_known)
		return cJSON_CreateNull();
	object = cJSON_CreateObject();
	for (int i = 0; i < MEMINFO_COUNT && whole; i++)
		whole = json_put(object, meminfo_names[i].json,
				 m->meminfo.known[i] ? json_integer(m->meminfo.bytes[i])
						     : cJSON_CreateNull());
	return json_finish(whole, object);
}

/* Whether everything is on one line, or indented for people. */
struct form {
	const char *line, *indent;
};

static bool write_member(const struct form *form, const char *name, cJSON *value, FILE *out)
{
	fprintf(out, "%s\"%s\":%s", form->indent, name, *form->line ? " " : "");
	return json_write(value, out);
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
		if (!json_write(group(r, report_row(r, i), 0), out))
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
	bool whole = write_member(form, name, json_integer(n), out);

	end_member(form, out);
	return whole;
}

/* Writes everything before the groups. */
static bool write_head(const struct form *form, const struct report *r,
		       const struct render_options *o, FILE *out)
{
	const struct snapshot *s = r->snapshot;
	const struct machine *m = &s->machine;
	struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"schema", json_string(SLICE("anonmem/1"))},
		{"tool", json_tool(o->version)},
		{"time", json_moment(m)},
		{"host", json_string_or_null(m->host)},
		{"kernel", json_string_or_null(m->kernel)},
		{"page_size",
		 m->page_size > 0 ? json_integer((uint64_t)m->page_size) : cJSON_CreateNull()},
		{"kernel_labels", json_answer(m->keeps_labels)},
		{"source", source(r, o)},
		{"read",
		 json_string(s->coverage.by_how[HOW_SCANNED] ? SLICE("scan") : SLICE("smaps"))},
		{"by", json_keys(&s->by)},
		{"coverage", json_coverage(&s->coverage)},
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
		if (!write_member(form, "checks", json_sentences(r->checks, r->check_count), out))
			return error_memory(e);
		end_member(form, out);
	}
	if (!write_member(form, "notes", json_sentences(r->notes, r->note_count), out))
		return error_memory(e);
	fprintf(out, "%s}\n", form->line);
	return 0;
}

/* The refresh number is written only once, above the groups. */
static bool shows(const struct column *column, bool watch)
{
	return column_is_data(column, watch) && column->type != CELL_GRAPH &&
	       !column_is_refresh(column);
}

const struct renderer render_json = {
	.name = "json",
	.full_keys = true,
	.carries_notes = true,
	.always_notes = true,
	.adds_columns = true,
	.shows = shows,
	.render = render,
};
