#include "tui/draw.h"

#include "base/escape.h"
#include "base/textstream.h"
#include "render/layout.h"
#include "tui/screen.h"

#include <stdlib.h>

enum {
	SMALL = 14,	  /* screens with fewer lines have no head */
	AROUND = 4,	  /* lines for breadcrumb, headings, totals, hints */
	GRAPH_WIDE = 120, /* widths from which the graph is longer */
	GRAPH_WIDEST = 160,
	NAME = 20, /* minimum width of a name */
};

static int head_lines(void)
{
	return screen_height() < SMALL ? 0 : HEAD_LINES;
}

size_t draw_rows(void)
{
	int rows = screen_height() - head_lines() - AROUND;

	return rows > 1 ? (size_t)rows : 1;
}

static bool put_line(int y, char *text, enum style style)
{
	if (text)
		screen_line(y, text, style);
	free(text);
	return text != NULL;
}

static bool draw_head(const struct picture *p)
{
	bool drawn = true;

	for (int i = 0; i < head_lines(); i++)
		drawn = put_line(i, head_line(p->watch, &p->head, (unsigned)i),
				 i ? STYLE_PLAIN : STYLE_BOLD) &&
			drawn;
	return drawn;
}

static void write_step(const struct level *l, FILE *out)
{
	if (l->title)
		fprintf(out, "%s: ", l->title);
	for (unsigned k = 0; k < l->view.by.count; k++)
		fprintf(out, "%s%s", k ? "," : "", key_names[l->view.by.keys[k]]);
}

/* The breadcrumb: the row opened at each level, starting at `first`, and the keys of the last
 * level. */
static char *way_from(const struct picture *p, size_t first)
{
	const struct level *last = p->levels[p->level_count - 1];
	const struct column *sort = last->options.sort;
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	if (first > 0)
		fputs("...", out);
	for (size_t i = first; i < p->level_count; i++) {
		if (i > 0)
			fputs(" > ", out);
		write_step(p->levels[i], out);
	}
	fprintf(out, "  (%zu", last->shown_count);
	if (last->filter || last->report.hidden > 0)
		fprintf(out, " of %zu", last->report.row_count + last->report.hidden);
	if (last->filter) {
		fputs(" with \"", out);
		escape_write(out, slice_of(last->filter));
		putc('"', out);
	}
	if (last->report.zeros)
		fprintf(out, ", %zu of zeros hidden", last->report.zeros);
	if (sort)
		fprintf(out, ", %s%s", last->options.falling ? "-" : "+", sort->name);
	putc(')', out);
	return textstream_close(out, &text) ? text : NULL;
}

/* Leaves out the first levels if there is no room. */
static bool draw_way(const struct picture *p)
{
	size_t first = 0;
	char *text = way_from(p, first);

	while (text && text_width(text) > (size_t)screen_width() && first + 1 < p->level_count) {
		free(text);
		text = way_from(p, ++first);
	}
	return put_line(head_lines(), text, STYLE_DIM);
}

/* Cuts out the part of a report that is on the screen, as a report of its own. */
static bool cut(const struct level *l, size_t rows, size_t count, struct report *window)
{
	const struct report *r = &l->report;

	*window = *r;
	window->row_count = l->shown_count - l->first < rows ? l->shown_count - l->first : rows;
	window->column_count = count;
	window->groups = calloc(window->row_count + 1, sizeof(*window->groups));
	for (size_t i = 0; window->groups && i < window->row_count; i++)
		window->groups[i] = r->groups[l->shown[l->first + i]];
	return window->groups != NULL;
}

static enum style style_of(const struct level *l, size_t row)
{
	const struct snapshot *s = &l->view.snapshot;

	if (row == l->cursor)
		return STYLE_CURSOR;
	switch (s->trends[l->report.groups[l->shown[row]]].state) {
	case TREND_NEW:
	case TREND_REPLACED:
		return STYLE_NEW;
	case TREND_GONE:
		return STYLE_GONE;
	default:
		return STYLE_PLAIN;
	}
}

static bool put_row(const struct table_layout *layout, size_t row, int y, enum style style)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return false;
	layout_write(layout, row, out);
	if (!textstream_close(out, &text))
		return false;
	return put_line(y, text, style);
}

static bool put_table(struct level *l, const struct table_layout *layout)
{
	int y = head_lines() + 1;
	bool put = put_row(layout, 0, y++, STYLE_HEADER);

	for (size_t i = 1; i + 1 < layout->rows; i++)
		put = put_row(layout, i, y++, style_of(l, l->first + i - 1)) && put;
	memcpy(l->least, layout->widths, layout->columns * sizeof(*l->least));
	l->gap = layout->gap;
	return put_row(layout, layout->rows - 1, screen_height() - 2, STYLE_BOLD) && put;
}

/* Draws as many columns as fit, but always those of the keys. */
static bool draw_table(struct level *l, struct render_options *options)
{
	size_t count = l->report.column_count, rows = draw_rows();
	struct report window;
	struct table_layout layout;
	bool drawn;

	if (l->cursor < l->first)
		l->first = l->cursor;
	if (l->cursor >= l->first + rows)
		l->first = l->cursor - rows + 1;
	if (!cut(l, rows, count, &window))
		return false;
	drawn = layout_init(&layout, &window, options);
	while (drawn && layout_width(&layout) > options->width &&
	       (count > l->report.key_column_count + 1 || options->text_min)) {
		layout_free(&layout);
		free(window.groups);
		if (count > l->report.key_column_count + 1)
			count--;
		else
			options->text_min = 0; /* as a last resort, shorten names */
		if (!cut(l, rows, count, &window))
			return false;
		drawn = layout_init(&layout, &window, options);
	}
	drawn = drawn && put_table(l, &layout);
	layout_free(&layout);
	free(window.groups);
	return drawn;
}

/* What the totals include, if that is not obvious. */
static const char *describe_totals(const struct picture *p, const struct level *l)
{
	if (l->filter)
		return "matching";
	if (l->report.hidden > 0)
		return "all rows";
	return p->selected ? "selected" : NULL;
}

int draw(const struct picture *p, struct error *e)
{
	struct level *l = p->levels[p->level_count - 1];
	struct render_options options = p->rendering;
	int width = screen_width();

	options.width = (size_t)width;
	options.graph = width >= GRAPH_WIDEST ? HISTORY_MAX : width >= GRAPH_WIDE ? 16 : 8;
	options.least = l->least;
	options.text_min = NAME;
	options.total = describe_totals(p, l);
	screen_clear();
	if (!draw_head(p) || !draw_way(p) || !draw_table(l, &options))
		return error_memory(e);
	screen_line(
		screen_height() - 1,
		p->message ? p->message
		: p->head.recorded
			? "h help  <- -> sample  , . minute  < > hour  g go to  c chart  l largest "
			  " "
			  "q quit"
			: "h help  Enter down  Esc up  s sort  b by  f filter  / search  z zero  "
			  "q quit",
		p->message ? STYLE_BOLD : STYLE_DIM);
	screen_show(-1, 0);
	return 0;
}

const struct column *draw_column_at(const struct level *l, int y, int x)
{
	size_t end = 0;

	if (y != head_lines() + 1)
		return NULL;
	for (size_t c = 0; c < l->report.column_count && l->least[c]; c++) {
		end += l->least[c] + l->gap;
		if ((size_t)x < end)
			return l->report.columns[c];
	}
	return NULL;
}

size_t draw_row_at(const struct level *l, int y)
{
	int row = y - head_lines() - 2;

	if (row < 0 || (size_t)row >= draw_rows() || l->first + (size_t)row >= l->shown_count)
		return l->shown_count;
	return l->first + (size_t)row;
}
