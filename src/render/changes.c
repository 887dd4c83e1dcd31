#include "render/changes.h"

#include "render/parts.h"

static cJSON *make_side(const struct snapshot *s, const char *path)
{
	static const char *const kinds[] = {[SOURCE_PROC] = "proc",
					    [SOURCE_TREE] = "tree",
					    [SOURCE_SMAPS] = "smaps",
					    [SOURCE_RECORDING] = "recording",
					    [SOURCE_REPORT] = "report"};
	cJSON *object = cJSON_CreateObject();
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"kind", cJSON_CreateString(kinds[s->source])},
		{"path", json_string_or_null(path ? path : "")},
		{"time", json_moment(&s->machine)},
		{"host", json_string_or_null(s->machine.host)},
		{"kernel", json_string_or_null(s->machine.kernel)},
		{"rows_left_out", cJSON_CreateBool(s->rows_left_out)},
		{"coverage", json_coverage(&s->coverage)},
	};
	bool whole = object != NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		whole = json_put(object, members[i].name, members[i].value) && whole;
	return json_finish(whole, object);
}

static cJSON *make_state(const struct cell *cell)
{
	return cell->text.len ? json_string(cell->text) : cJSON_CreateString("same");
}

/* A row, or the totals, which have neither keys nor a state. */
static cJSON *make_row(const struct report *r, const struct cell *row, bool totals)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = object != NULL;

	for (size_t c = totals ? r->key_column_count : 0; c < r->column_count && whole; c++) {
		const struct column *column = r->columns[c];
		bool state = c + 1 == r->column_count;

		if (state && totals)
			continue;
		if (row[c].known || !column->never_unknown)
			whole = json_put(object, column->name,
					 state ? make_state(&row[c]) : json_cell(column, &row[c]));
	}
	return json_finish(whole, object);
}

static cJSON *make_hidden(const struct changes *c)
{
	static const struct column change = {.name = "change", .type = CELL_CHANGE};
	cJSON *object = cJSON_CreateObject();
	bool whole = json_put(object, "rows", json_integer(c->report.hidden));

	whole = whole && json_put(object, "change", json_cell(&change, &c->hidden));
	return json_finish(whole, object);
}

static bool write_head(const struct changes_view *v, FILE *out)
{
	const struct report *r = &v->changes->report;
	const struct delta *d = r->snapshot->delta;
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"schema", cJSON_CreateString("anonmem-diff/1")},
		{"tool", json_tool(v->version)},
		{"column", cJSON_CreateString(v->changes->of->name)},
		{"by", json_keys(&r->snapshot->by)},
		{"before", make_side(d->before, v->before)},
		{"after", make_side(d->after, v->after)},
		{"totals", make_row(r, r->totals, true)},
		{"hidden", make_hidden(v->changes)},
		{"notes", json_sentences(r->notes, r->note_count)},
	};
	bool whole = true;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		fprintf(out, "  \"%s\": ", members[i].name);
		whole = json_write(members[i].value, out) && whole;
		fputs(",\n", out);
	}
	return whole;
}

int changes_write_json(const struct changes_view *v, FILE *out, struct error *e)
{
	const struct report *r = &v->changes->report;

	fputs("{\n", out);
	if (!write_head(v, out))
		return error_memory(e);
	fputs("  \"groups\": [", out);
	for (size_t i = 0; i < r->row_count; i++) {
		fputs(i ? ",\n    " : "\n    ", out);
		if (!json_write(make_row(r, report_row(r, i), false), out))
			return error_memory(e);
	}
	fputs(r->row_count ? "\n  ]\n}\n" : "]\n}\n", out);
	return 0;
}
