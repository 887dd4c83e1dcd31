/*
 * A page for a browser, in one file that needs no network: html/page.html with its style, its
 * script and the report as JSON. The script, in html/, draws what the JSON has.
 *
 * The JSON is escaped as in a table, and no byte of it can begin a tag. A content security policy
 * lets no other script run, and nothing be loaded.
 *
 * A page stays small: long texts are shortened, only the first rows are included if there are many,
 * and a timeline has only the largest rows at selected instants.
 */
#include "base/escape.h"
#include "base/textstream.h"
#include "render/html_series.h"
#include "render/moment.h"
#include "render/page.h"
#include "render/parts.h"
#include "render/render.h"

#include <inttypes.h>
#include <stdlib.h>

/* In bytes, except for the last three. A page with its script takes less than 1 MiB; the page of a
 * day, less than 300 KB. */
enum {
	ROWS_SIZE = 560000,
	TRACKS_SIZE = 160000,
	TEXT_SIZE = 240,
	SENTENCE_SIZE = 600,
	SENTENCES = 30,
	PATHS = 20,
	INSTANTS = 400
};

/* In JSON, these occur only in strings, where they are escaped. */
static const char markup[] = "<>&";

struct page {
	const struct report *report;
	const struct render_options *options;
	FILE *out;   /* JSON */
	size_t size; /* of the part that was flushed */
	bool whole;
};

/* Where to cut a text: not within a character. */
static size_t cut(const char *text, size_t size)
{
	while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

/* The beginning and the end of a long text. NULL if out of memory. */
static char *shorten(char *text, size_t size)
{
	static const char dots[] = {'\xe2', '\x80', '\xa6'};
	size_t length = strlen(text), head, tail;

	if (length <= size)
		return text;
	head = cut(text, size * 2 / 3);
	tail = length - size / 4;
	while (((unsigned char)text[tail] & 0xc0) == 0x80)
		tail++;
	memmove(text + head + sizeof(dots), text + tail, length - tail + 1);
	memcpy(text + head, dots, sizeof(dots));
	return text;
}

/* A name, escaped. */
static cJSON *name_node(struct slice name, const char *mark)
{
	char *escaped = escape_string(name), *marked = NULL;
	cJSON *node = NULL;
	size_t size;
	FILE *out = escaped ? textstream_open(&marked, &size) : NULL;

	if (out) {
		fprintf(out, "%s%s", shorten(escaped, TEXT_SIZE), mark);
		if (textstream_close(out, &marked))
			node = json_string(slice_of(marked));
	}
	free(marked);
	free(escaped);
	return node;
}

/* A sentence, whose names are escaped already. */
static cJSON *sentence_node(const char *sentence)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);
	cJSON *node = NULL;

	if (!out)
		return NULL;
	escape_write_sentence(out, slice_of(sentence));
	if (textstream_close(out, &text))
		node = json_string(slice_of(shorten(text, SENTENCE_SIZE)));
	free(text);
	return node;
}

static cJSON *sentences(char *const *lines, size_t count)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (size_t i = 0; i < count && i < SENTENCES && whole; i++)
		whole = json_append(list, sentence_node(lines[i]));
	return json_finish(whole, list);
}

/* A number, a text or null. An amount that is only partly known is an array with its lower bound;
 * an amount with two bounds, an array of both. */
static cJSON *cell_node(const struct column *column, const struct cell *cell)
{
	cJSON *node;
	bool whole;

	if (!cell->known && !cell->at_least)
		return cJSON_CreateNull();
	if (cell->known && column->type == CELL_TEXT)
		return name_node(cell->text, cell->marked ? "*" : "");
	if (cell->known && (column->type != CELL_BOUNDS || cell->most == cell->number))
		return json_cell(column, cell);
	node = cJSON_CreateArray();
	whole = json_append(node, json_integer(cell->number));
	if (cell->known)
		whole = whole && json_append(node, json_integer(cell->most));
	return json_finish(whole, node);
}

static cJSON *row_node(const struct report *r, const struct cell *row)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (size_t c = 0; c < r->column_count && whole; c++)
		whole = json_append(list, row == r->totals && c < r->key_column_count
						  ? cJSON_CreateNull()
						  : cell_node(r->columns[c], &row[c]));
	return json_finish(whole, list);
}

/* The key that a column belongs to, or null. */
static cJSON *key_node(const struct report *r, const struct column *column)
{
	const struct grouping *by = &r->snapshot->by;
	const struct column *list[COLUMNS_MAX];

	for (unsigned k = 0; k < by->count; k++) {
		for (size_t n = column_of_key(by->keys[k], false, list); n > 0; n--) {
			if (list[n - 1] == column)
				return json_integer(k);
		}
	}
	return cJSON_CreateNull();
}

static cJSON *column_node(const struct report *r, const struct column *column, bool key)
{
	static const char *const types[] = {
		[CELL_TEXT] = "text",	  [CELL_NUMBER] = "number",   [CELL_BYTES] = "bytes",
		[CELL_BOUNDS] = "bytes",  [CELL_PERCENT] = "percent", [CELL_ADDRESS] = "text",
		[CELL_CHANGE] = "change", [CELL_GRAPH] = "graph",     [CELL_STATE] = "text",
	};
	cJSON *object = cJSON_CreateObject();
	const struct {
		const char *member, *text;
	} texts[] = {{"name", column->name},
		     {"header", column->header},
		     {"help", column->help},
		     {"type", types[column->type]}};
	bool whole = json_put(object, "key", key ? key_node(r, column) : cJSON_CreateNull());

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && whole; i++)
		whole = json_put(object, texts[i].member,
				 json_string(slice_of(texts[i].text ? texts[i].text : "")));
	return json_finish(whole, object);
}

static cJSON *columns_node(const struct report *r)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (size_t c = 0; c < r->column_count && whole; c++)
		whole = json_append(list, column_node(r, r->columns[c], c < r->key_column_count));
	return json_finish(whole, list);
}

static cJSON *paths_node(const struct render_options *o)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (size_t i = 0; i < o->path_count && i < PATHS && whole; i++)
		whole = json_append(list, name_node(slice_of(o->paths[i]), ""));
	return json_finish(whole, list);
}

static cJSON *meminfo_node(const struct meminfo *m, bool known)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = object != NULL;

	for (int i = 0; i < MEMINFO_COUNT && known && whole; i++) {
		if (m->known[i])
			whole = json_put(object, meminfo_names[i].json, json_integer(m->bytes[i]));
	}
	return json_finish(whole, object);
}

static void put(struct page *p, const char *name, cJSON *value)
{
	fprintf(p->out, "\"%s\":", name);
	p->whole = json_write(value, p->out) && p->whole;
	fputs(",\n", p->out);
}

static void put_head(struct page *p)
{
	static const char *const kinds[] = {[SOURCE_PROC] = "proc",
					    [SOURCE_TREE] = "tree",
					    [SOURCE_SMAPS] = "smaps",
					    [SOURCE_RECORDING] = "recording"};
	const struct report *r = p->report;
	const struct snapshot *s = r->snapshot;

	put(p, "schema", json_string(SLICE("anonmem-page/1")));
	put(p, "tool", json_tool(p->options->version));
	put(p, "time", json_moment(&s->machine));
	put(p, "host",
	    *s->machine.host ? name_node(slice_of(s->machine.host), "") : cJSON_CreateNull());
	put(p, "kernel",
	    *s->machine.kernel ? name_node(slice_of(s->machine.kernel), "") : cJSON_CreateNull());
	put(p, "kernel_labels", json_answer(s->machine.keeps_labels));
	put(p, "source", json_string(slice_of(s->delta ? "diff" : kinds[s->source])));
	put(p, "paths", paths_node(p->options));
	put(p, "by", json_keys(&s->by));
	put(p, "coverage", r->coverage ? sentence_node(r->coverage) : cJSON_CreateNull());
	put(p, "notes", sentences(r->notes, r->note_count));
	put(p, "checks", sentences(r->checks, r->check_count));
	put(p, "meminfo", meminfo_node(&s->machine.meminfo, s->machine.meminfo_known));
	put(p, "columns", columns_node(r));
	put(p, "totals", row_node(r, r->totals));
}

/* The length of a text in the page. */
static long written_size(const char *text)
{
	long size = 0;

	for (; *text; text++)
		size += strchr(markup, *text) ? 6 : 1;
	return size;
}

/* Writes a row if there is room for it. */
static bool put_row(struct page *p, size_t row, long *room)
{
	cJSON *node = row_node(p->report, report_row(p->report, row));
	char *text = node ? cJSON_PrintUnformatted(node) : NULL;
	bool fits = text && (*room -= written_size(text) + 2) > 0;

	p->whole = p->whole && text != NULL;
	if (fits)
		fputs(text, p->out);
	cJSON_free(text);
	cJSON_Delete(node);
	return fits;
}

static void put_rows(struct page *p)
{
	const struct report *r = p->report;
	long room = ROWS_SIZE;
	size_t i = 0;

	fputs("\"rows\":[\n", p->out);
	while (i < r->row_count && put_row(p, i, &room)) {
		i++;
		fputs(i < r->row_count ? ",\n" : "\n", p->out);
	}
	if (i < r->row_count)
		fputs("null", p->out); /* after the last comma */
	fprintf(p->out, "],\n\"left_out\":%zu", r->hidden + r->row_count - i);
}

/* For each group, its row in the report, or the number of rows if it has none. */
static size_t *find_rows(const struct report *r)
{
	uint32_t count = aggregate_count(&r->snapshot->groups);
	size_t *rows = calloc((size_t)count + 1, sizeof(*rows));

	if (!rows)
		return NULL;
	for (uint32_t i = 0; i < count; i++)
		rows[i] = r->row_count;
	for (size_t i = 0; i < r->row_count; i++)
		rows[r->groups[i]] = i;
	return rows;
}

static size_t size_now(struct page *p)
{
	return fflush(p->out) == 0 ? p->size : SIZE_MAX;
}

/* Writes the rows that have a track, in the order of their tracks, which follow them. */
static size_t put_tracks(struct page *p, const struct chosen *chosen, const size_t *rows,
			 size_t end)
{
	const struct report *r = p->report;
	const struct timeline *t = p->options->timeline;
	long room = ROWS_SIZE;
	size_t written = 0;

	fputs("\"tracks\":[\n", p->out);
	for (size_t i = 0; i < t->track_count && size_now(p) < end; i++) {
		const struct track *track = &t->tracks[i];

		if (rows[track->group] == r->row_count)
			continue;
		fprintf(p->out, "%s{\"peak\":%" PRIu64 ",\"peak_time\":%" PRIu64 ",\"row\":",
			written ? ",\n" : "", track->peak, t->instants[track->peak_at].time_ms);
		if (!put_row(p, rows[track->group], &room))
			fputs("null", p->out);
		fputs(",\"values\":", p->out);
		series_write(chosen, track->values, p->out);
		putc('}', p->out);
		written++;
	}
	fputs("]},\n\"rows\":[]", p->out);
	return written;
}

/* The values of a group in the columns of a key. */
static cJSON *names_node(const struct report *r, enum key key, uint32_t group)
{
	const struct aggregate *groups = &r->snapshot->groups;
	const struct column_input in = {.snapshot = r->snapshot,
					.group = &groups->groups[group],
					.key = aggregate_key(groups, group)};
	const struct column *list[COLUMNS_MAX];
	size_t count = column_of_key(key, false, list);
	cJSON *names = cJSON_CreateArray();
	bool whole = names != NULL;

	for (size_t i = 0; i < count && whole; i++) {
		struct cell cell = list[i]->get(list[i], &in);

		whole = json_append(names, cell_node(list[i], &cell));
	}
	return json_finish(whole, names);
}

static void put_stack(struct page *p, const struct chosen *chosen, unsigned k)
{
	const struct stack *stack = &p->options->timeline->stacks[k];

	putc('[', p->out);
	for (size_t i = 0; i < stack->count; i++) {
		fprintf(p->out, "%s{\"names\":", i ? ",\n" : "");
		p->whole = json_write(names_node(p->report, p->report->snapshot->by.keys[k],
						 stack->tracks[i].group),
				      p->out) &&
			   p->whole;
		fputs(",\"values\":", p->out);
		series_write(chosen, stack->tracks[i].values, p->out);
		putc('}', p->out);
	}
	putc(']', p->out);
}

static void put_stacks(struct page *p, const struct chosen *chosen)
{
	fputs("\"stacks\":[\n", p->out);
	for (unsigned k = 0; k < p->report->snapshot->by.count; k++) {
		fputs(k ? ",\n" : "", p->out);
		put_stack(p, chosen, k);
	}
	fputs("],\n", p->out);
}

static const char *column_of(enum counter counter)
{
	size_t i = 0;

	while (columns[i].role != COLUMN_COUNTER || columns[i].which != (int)counter)
		i++;
	return columns[i].name;
}

static void put_timeline(struct page *p)
{
	const struct timeline *t = p->options->timeline;
	size_t *rows = find_rows(p->report), written = 0, end = size_now(p) + TRACKS_SIZE;
	struct chosen chosen;

	if (!rows || !chosen_init(&chosen, t, INSTANTS)) {
		free(rows);
		p->whole = false;
		return;
	}
	fprintf(p->out, "\"timeline\":{\"column\":");
	p->whole = json_write(json_string(slice_of(column_of(t->counter))), p->out) && p->whole;
	fprintf(p->out, ",\"samples\":%zu,\"off\":%" PRIu64 ",\"clock_set\":%s,\n", t->count,
		chosen.off, t->clock_set ? "true" : "false");
	chosen_write(&chosen, p->out);
	put_stacks(p, &chosen);
	written = put_tracks(p, &chosen, rows, end);
	fprintf(p->out, ",\n\"left_out\":%zu", p->report->hidden + p->report->row_count - written);
	chosen_free(&chosen);
	free(rows);
}

/* NULL if out of memory. */
static char *make_data(const struct report *r, const struct render_options *o)
{
	struct page p = {.report = r, .options = o, .whole = true};
	char *text = NULL;

	p.out = textstream_open(&text, &p.size);
	if (!p.out)
		return NULL;
	putc('{', p.out);
	put_head(&p);
	if (o->timeline)
		put_timeline(&p);
	else
		put_rows(&p);
	fputs("}\n", p.out);
	if (textstream_close(p.out, &text) && p.whole)
		return text;
	free(text);
	return NULL;
}

static void write_data(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (strchr(markup, *text))
			fprintf(out, "\\u%04x", (unsigned)*text);
		else
			putc(*text, out);
	}
}

static int render(const struct report *report, const struct render_options *options, FILE *out,
		  struct error *e)
{
	char *data;

	if (page_head_size == 0)
		return error_set(e, ERROR_USAGE,
				 "this anonmem was built without pages: esbuild or d3 was missing");
	data = make_data(report, options);
	if (!data)
		return error_memory(e);
	fwrite(page_head, 1, page_head_size, out);
	write_data(data, out);
	fwrite(page_tail, 1, page_tail_size, out);
	free(data);
	return 0;
}

const struct renderer render_html = {
	.name = "html",
	.carries_notes = true,
	.always_notes = true,
	.reports_only = true,
	.over_time = true,
	.by_place = true,
	.render = render,
};
