#include "render/markdown.h"

#include "base/escape.h"
#include "render/cell.h"
#include "render/render.h"

#include <stdlib.h>

/* The longest run of backticks in a text: those around it must be more. */
static int longest_run(const char *text)
{
	int longest = 0, run = 0;

	for (; *text; text++) {
		run = *text == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void write_ticks(int count, FILE *out)
{
	while (count-- > 0)
		putc('`', out);
}

bool markdown_write_escaped_code(const char *text, FILE *out)
{
	int ticks = longest_run(text) + 1;

	write_ticks(ticks, out);
	/* Markdown removes one blank on each side if both are there. */
	fputs(ticks > 1 || *text == ' ' || *text == '\0' ? " " : "", out);
	for (const char *p = text; *p; p++)
		fprintf(out, *p == '|' ? "\\%c" : "%c", *p);
	fputs(ticks > 1 || *text == ' ' ? " " : "", out);
	write_ticks(ticks, out);
	return true;
}

bool markdown_write_code(struct slice name, FILE *out)
{
	char *text = escape_string(name);
	bool whole = text && markdown_write_escaped_code(text, out);

	free(text);
	return whole;
}

void markdown_write_sentences(char *const *lines, size_t count, FILE *out)
{
	if (count == 0)
		return;
	fputs("\n```text\n", out);
	for (size_t i = 0; i < count; i++) {
		escape_write_sentence(out, slice_of(lines[i]));
		putc('\n', out);
	}
	fputs("```\n", out);
}

static bool is_text(const struct column *column)
{
	return column->type == CELL_TEXT || column->type == CELL_STATE;
}

static void write_header(const struct report *r, FILE *out)
{
	for (size_t c = 0; c < r->column_count; c++)
		fprintf(out, "| %s ", r->columns[c]->header);
	fputs("|\n", out);
	for (size_t c = 0; c < r->column_count; c++)
		fputs(is_text(r->columns[c]) ? "|---" : "|---:", out);
	fputs("|\n", out);
}

static bool write_text(const struct cell *cell, FILE *out)
{
	if (cell->plain)
		return fwrite(cell->text.ptr, 1, cell->text.len, out) == cell->text.len;
	if (!markdown_write_code(cell->text, out))
		return false;
	if (cell->marked)
		fputs("\\*", out);
	return true;
}

static bool write_cell(const struct column *column, const struct cell *cell, enum units units,
		       FILE *out)
{
	char text[BOUNDS_TEXT_MAX] = "-";

	if (cell->known || cell->at_least) {
		if (column->type == CELL_TEXT)
			return write_text(cell, out);
		/* Markdown has no graphs. */
		if (!cell_format_number(column, cell, units, text) && column->type == CELL_STATE)
			snprintf(text, sizeof(text), "%s", trend_names[cell->number]);
	}
	fputs(text, out);
	if (!cell->known && cell->at_least)
		putc('+', out);
	return true;
}

static bool write_row(const struct report *r, const struct cell *row, enum units units, FILE *out)
{
	bool whole = true;

	for (size_t c = 0; c < r->column_count && whole; c++) {
		fputs("| ", out);
		if (row == r->totals && c < r->key_column_count)
			fputs(c == 0 ? "**TOTAL**" : "", out);
		else
			whole = write_cell(r->columns[c], &row[c], units, out);
		putc(' ', out);
	}
	fputs("|\n", out);
	return whole;
}

/* The line about coverage and the notes, in one block. */
static bool write_notes(const struct report *r, FILE *out)
{
	char **lines = calloc(r->note_count + 1, sizeof(*lines));

	if (!lines)
		return false;
	lines[0] = r->coverage;
	for (size_t i = 0; i < r->note_count; i++)
		lines[i + 1] = r->notes[i];
	markdown_write_sentences(lines, r->note_count + 1, out);
	free(lines);
	return true;
}

static int render(const struct report *r, const struct render_options *options, FILE *out,
		  struct error *e)
{
	if (options->header)
		write_header(r, out);
	for (size_t i = 0; i < r->row_count; i++) {
		if (!write_row(r, report_row(r, i), options->units, out))
			return error_memory(e);
	}
	if (!write_row(r, r->totals, options->units, out))
		return error_memory(e);
	markdown_write_sentences(r->checks, r->check_count, out);
	if (options->quiet)
		return 0;
	return write_notes(r, out) ? 0 : error_memory(e);
}

const struct renderer render_markdown = {
	.name = "markdown",
	.carries_notes = true,
	.reports_only = true,
	.hides_zeros = true,
	.render = render,
};
