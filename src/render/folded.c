#include "render/folded.h"

#include "base/escape.h"

#include <inttypes.h>
#include <stdlib.h>

/* The blank before a number at the end of the text, which would be taken for a size; or NULL. */
static const char *number_at_end(const char *text)
{
	const char *p = text + strlen(text);

	while (p > text && strchr("0123456789.", p[-1]))
		p--;
	return *p && p > text && p[-1] == ' ' ? p - 1 : NULL;
}

bool folded_write_name(struct slice name, FILE *out)
{
	char *text = escape_string(name);
	const char *blank = text ? number_at_end(text) : NULL;

	for (const char *p = text; p && *p; p++) {
		if (*p == ';' || p == blank)
			fprintf(out, "\\%03o", (unsigned char)*p);
		else
			putc(*p, out);
	}
	free(text);
	return text != NULL;
}

/* A column that does not end its frame: a number precedes the name it belongs to. */
static bool is_prefix(const struct column *column, const struct cell *cell)
{
	return column->type != CELL_TEXT || cell->plain;
}

static bool write_key(const struct column *column, const struct cell *cell, FILE *out)
{
	if (!cell->known)
		return putc('-', out) != EOF;
	if (column->type == CELL_ADDRESS)
		fprintf(out, "%" PRIx64, cell->number);
	else if (column->type != CELL_TEXT)
		fprintf(out, "%" PRIu64, cell->number);
	else if (!folded_write_name(cell->text, out))
		return false;
	if (cell->marked)
		putc('*', out);
	return true;
}

static bool write_frames(const struct report *r, const struct cell *row, FILE *out)
{
	for (size_t c = 0; c < r->key_column_count; c++) {
		if (c > 0)
			putc(is_prefix(r->columns[c - 1], &row[c - 1]) ? '_' : ';', out);
		if (!write_key(r->columns[c], &row[c], out))
			return false;
	}
	return true;
}

/* Finds the first one or two sizes. Returns their number. */
static size_t find_sizes(const struct report *r, size_t sizes[2])
{
	size_t most = r->snapshot->delta ? 2 : 1, n = 0;

	for (size_t c = r->key_column_count; c < r->column_count && n < most; c++) {
		if (r->columns[c]->type == CELL_BYTES || r->columns[c]->type == CELL_NUMBER ||
		    r->columns[c]->type == CELL_BOUNDS)
			sizes[n++] = c;
	}
	return n;
}

static bool has_sizes(const struct cell *row, const size_t *sizes, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		if (!row[sizes[i]].known)
			return false;
		sum |= row[sizes[i]].number;
	}
	return sum > 0;
}

static int render(const struct report *r, const struct render_options *options, FILE *out,
		  struct error *e)
{
	size_t sizes[2], count = find_sizes(r, sizes);

	(void)options;
	for (size_t i = 0; i < r->row_count; i++) {
		const struct cell *row = report_row(r, i);

		if (!has_sizes(row, sizes, count))
			continue;
		if (!write_frames(r, row, out))
			return error_memory(e);
		for (size_t n = 0; n < count; n++)
			fprintf(out, " %" PRIu64, row[sizes[n]].number);
		putc('\n', out);
	}
	return 0;
}

static bool shows(const struct column *column, bool watch)
{
	(void)watch;
	return column == column_find(SLICE("pss"));
}

const struct renderer render_folded = {
	.name = "folded",
	.reports_only = true,
	.shows = shows,
	.render = render,
};
