/*
 * The table for people.
 */
#include "base/escape.h"
#include "base/textstream.h"
#include "render/layout.h"

#include <stdlib.h>

#define BOLD  "\033[1m"
#define DIM   "\033[2m"
#define RESET "\033[0m"

static void write_row(const struct table_layout *l, size_t row, const char *style, FILE *out)
{
	if (l->options->color && style)
		fputs(style, out);
	layout_write(l, row, out);
	if (l->options->color && style)
		fputs(RESET, out);
	putc('\n', out);
}

/* Writes a sentence under the table, which may quote names. */
static void write_sentence(const struct render_options *options, const char *text, FILE *out)
{
	if (options->color)
		fputs(DIM, out);
	escape_write_sentence(out, slice_of(text));
	if (options->color)
		fputs(RESET, out);
	putc('\n', out);
}

/* Names the columns that were left out. */
static bool write_left_out(const struct table_layout *l, FILE *out)
{
	const char *between = "no room for ";
	char *text = NULL;
	size_t size;
	FILE *list = textstream_open(&text, &size);

	if (!list)
		return false;
	for (size_t c = 0; c < l->columns; c++) {
		if (!l->left_out[c])
			continue;
		fprintf(list, "%s%s", between, l->report->columns[c]->header);
		between = ", ";
	}
	if (strcmp(between, ", ") == 0)
		fputs("; -o chooses columns", list);
	if (!textstream_close(list, &text))
		return false;
	if (size)
		write_sentence(l->options, text, out);
	free(text);
	return true;
}

static bool write_layout(const struct table_layout *l, FILE *out)
{
	const struct report *r = l->report;

	if (l->options->header)
		write_row(l, 0, BOLD, out);
	for (size_t i = 1; i < l->rows; i++)
		write_row(l, i, i == r->row_count + 1 ? BOLD : NULL, out);
	for (size_t i = 0; i < r->check_count; i++)
		write_sentence(l->options, r->checks[i], out);
	if (l->options->quiet)
		return true;
	write_sentence(l->options, r->coverage, out);
	for (size_t i = 0; i < r->note_count; i++)
		write_sentence(l->options, r->notes[i], out);
	return write_left_out(l, out);
}

static int render(const struct report *report, const struct render_options *options, FILE *out,
		  struct error *e)
{
	struct render_options with_denied = *options;
	struct table_layout l;
	bool whole;

	with_denied.shows_denied = true;
	whole = layout_init(&l, report, &with_denied) && write_layout(&l, out);

	layout_free(&l);
	return whole ? 0 : error_memory(e);
}

const struct renderer render_table = {
	.name = "table",
	.carries_notes = true,
	.has_screen = true,
	.hides_zeros = true,
	.render = render,
};
