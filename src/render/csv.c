/*
 * RFC 4180: a header with the names of JSON, a line per row, CRLF, sizes in bytes, unknown values
 * empty. Totals, coverage and notes are not rows, so they are left out. In a watch, a row begins
 * with the time and number of its refresh, whatever the columns, since nothing else tells refreshes
 * apart.
 */
#include "base/escape.h"
#include "base/textstream.h"
#include "render/moment.h"
#include "render/render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A spreadsheet takes text that begins with such a sign for a formula and executes it. East Asian
 * versions also accept the wide and small forms. Returns the length of the sign, or 0. */
static size_t formula_sign(const char *text)
{
	static const char *const signs[] = {
		"=",
		"+",
		"-",
		"@", /* also in full width, from U+FF00 on; */
		"\xef\xbc\x9d",
		"\xef\xbc\x8b",
		"\xef\xbc\x8d",
		"\xef\xbc\xa0",
		/* in small forms, from U+FE50 on; and the minus sign */
		"\xef\xb9\xa6",
		"\xef\xb9\xa2",
		"\xef\xb9\xa3",
		"\xef\xb9\xab",
		"\xe2\x88\x92",
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		size_t len = strlen(signs[i]);

		if (strncmp(text, signs[i], len) == 0)
			return len;
	}
	return 0;
}

/* Prefixes a quote, unless there is only a sign, which does no harm. */
static char *defuse(char *escaped)
{
	size_t len = escaped ? formula_sign(escaped) : 0, size;
	char *safe = NULL;
	FILE *out;

	if (len == 0 || escaped[len] == '\0')
		return escaped;
	out = textstream_open(&safe, &size);
	if (out) {
		for (size_t i = 0; i < len; i++)
			fprintf(out, "\\%03o", (unsigned char)escaped[i]);
		fputs(escaped + len, out);
		safe = textstream_close(out, &safe) ? safe : NULL;
	}
	free(escaped);
	return safe;
}

static bool write_text(struct slice text, FILE *out)
{
	char *escaped = defuse(escape_string(text));

	if (!escaped)
		return false;
	if (strpbrk(escaped, ",\"\r\n")) {
		putc('"', out);
		for (const char *p = escaped; *p; p++) {
			if (*p == '"')
				putc('"', out);
			putc(*p, out);
		}
		putc('"', out);
	} else {
		fputs(escaped, out);
	}
	free(escaped);
	return true;
}

static bool write_cell(const struct column *column, const struct cell *cell, FILE *out)
{
	if (!cell->known)
		return true;
	switch (column->type) {
	case CELL_TEXT:
		if (cell->plain)
			return fwrite(cell->text.ptr, 1, cell->text.len, out) == cell->text.len;
		return write_text(cell->text, out);
	case CELL_NUMBER:
	case CELL_BYTES:
	case CELL_BOUNDS:
		fprintf(out, "%" PRIu64, cell->number);
		break;
	case CELL_PERCENT:
		fprintf(out, "%.3f", cell->percent);
		break;
	case CELL_ADDRESS:
		fprintf(out, "0x%" PRIx64, cell->number);
		break;
	case CELL_CHANGE:
		fprintf(out, "%" PRId64, cell->change);
		break;
	case CELL_STATE:
		fputs(trend_names[cell->number], out);
		break;
	case CELL_GRAPH:
		for (unsigned i = 0; i < cell->graph->history_count; i++)
			fprintf(out, "%s%" PRIu64, i ? " " : "", cell->graph->history[i]);
		break;
	}
	return true;
}

static void write_header(const struct report *report, FILE *out)
{
	if (report->snapshot->trends)
		fputs("time,refresh,", out);
	for (size_t c = 0; c < report->column_count; c++)
		fprintf(out, "%s%s", c ? "," : "", report->columns[c]->name);
	fputs("\r\n", out);
}

static void write_moment(const struct snapshot *s, FILE *out)
{
	char text[MOMENT_MAX];

	if (s->trends)
		fprintf(out, "%s,%" PRIu64 ",", moment_format(&s->machine, text) ? text : "",
			s->refresh);
}

static int render(const struct report *report, const struct render_options *options, FILE *out,
		  struct error *e)
{
	if (options->header)
		write_header(report, out);
	for (size_t i = 0; i < report->row_count; i++) {
		const struct cell *row = report_row(report, i);

		write_moment(report->snapshot, out);
		for (size_t c = 0; c < report->column_count; c++) {
			if (c > 0)
				putc(',', out);
			if (!write_cell(report->columns[c], &row[c], out))
				return error_memory(e);
		}
		fputs("\r\n", out);
	}
	return 0;
}

static bool shows(const struct column *column, bool watch)
{
	return column_is_data(column, watch) && column->type != CELL_GRAPH &&
	       !column_is_refresh(column);
}

const struct renderer render_csv = {
	.name = "csv",
	.full_keys = true,
	.header_once = true,
	.shows = shows,
	.render = render,
};
