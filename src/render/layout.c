#include "render/layout.h"

#include "base/escape.h"
#include "base/textstream.h"
#include "render/cell.h"

#include <stdlib.h>
#include <wchar.h>

enum {
	GAP = 2,	/* blanks between columns */
	NARROW_GAP = 1, /* the same if space is short */
	TEXT_MIN = 8,	/* minimum width of a text column, */
	TEXT_LAST = 2,	/* or if nothing else can be narrowed */
	TEXT_GOOD = 20, /* columns are left out before text gets narrower than this */
	GRAPH = 8,
};

static const char *text_at(const struct table_layout *l, size_t row, size_t column)
{
	return l->texts + l->starts[row] + l->offsets[row * l->columns + column];
}

size_t text_width(const char *text)
{
	wchar_t wide[256];
	size_t width = 0, n;
	mbstate_t state = {0};

	while (text && (n = mbsrtowcs(wide, &text, sizeof(wide) / sizeof(*wide), &state)) != 0) {
		int w = n == (size_t)-1 ? -1 : wcswidth(wide, n);

		if (w < 0)
			return strlen(text);
		width += (size_t)w;
	}
	return width;
}

/* Scales sizes between the smallest and the largest, newest on the right. The range is at least a
 * hundredth of the size, so that a size that hardly changes gives a flat line. */
static char *draw_graph(const struct trend *t, size_t width)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const plain[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	enum { LEVELS = sizeof(blocks) / sizeof(*blocks) };
	size_t count = t->history_count < width ? t->history_count : width;
	const uint64_t *sizes = t->history + t->history_count - count;
	uint64_t least = UINT64_MAX, most = 0;
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		least = sizes[i] < least ? sizes[i] : least;
		most = sizes[i] > most ? sizes[i] : most;
	}
	fprintf(out, "%*s", (int)(width - count), "");
	for (size_t i = 0; i < count; i++) {
		double range = (double)(most - least), floor = (double)most / 100;
		double part = (double)(sizes[i] - least) / (range > floor ? range : floor);
		int level = most > least ? (int)(part * (LEVELS - 1) + 0.5) : 0;

		fputs(escape_locale_is_utf8() ? blocks[level] : plain[level], out);
	}
	return textstream_close(out, &text) ? text : NULL;
}

static const char total[] = "TOTAL", not_readable[] = "(not readable)";

/* Whether a text looks like one of the table's own words, possibly followed by brackets. Blanks
 * around it are not visible. */
static bool is_word(const char *text, const char *word)
{
	text += strspn(text, " ");
	if (strncmp(text, word, strlen(word)) != 0)
		return false;
	text += strlen(word);
	text += strspn(text, " ");
	return *text == '\0' || *text == '(';
}

/* Totals and unreadable processes have only one row each: a name that looks like these words gets
 * its first byte escaped. */
static char *escape_word(struct slice text)
{
	char *plain = escape_string(text), *escaped;

	if (!plain || (!is_word(plain, total) && !is_word(plain, not_readable)))
		return plain;
	if (asprintf(&escaped, "\\%03o%s", (unsigned char)plain[0], plain + 1) < 0)
		escaped = NULL;
	free(plain);
	return escaped;
}

/* Escapes a text, and adds an asterisk if it is marked. */
static char *format_text(const struct cell *cell)
{
	char *plain = escape_word(cell->text), *marked = NULL;

	if (!plain || !cell->marked)
		return plain;
	if (asprintf(&marked, "%s*", plain) < 0)
		marked = NULL;
	free(plain);
	return marked;
}

/* A sum with parts missing. */
static char *format_least(const struct cell *cell, const struct render_options *options)
{
	char size[SIZE_TEXT_MAX], *text;

	size_format(cell->number, options->units, size);
	return asprintf(&text, "%s+", size) < 0 ? NULL : text;
}

/* Appends a string with its NUL to the texts. */
static bool add(struct table_layout *l, const char *text)
{
	size_t size = strlen(text) + 1;

	if (l->capacity - l->used < size) {
		size_t capacity = 2 * l->capacity + size;
		char *larger = realloc(l->texts, capacity);

		if (!larger)
			return false;
		l->texts = larger;
		l->capacity = capacity;
	}
	memcpy(l->texts + l->used, text, size);
	l->used += size;
	return true;
}

/* The same for an allocated string, which may be NULL. */
static bool add_allocated(struct table_layout *l, char *text)
{
	bool added = text && add(l, text);

	free(text);
	return added;
}

static bool add_cell(struct table_layout *l, const struct column *column, const struct cell *cell)
{
	const struct render_options *o = l->options;
	char text[BOUNDS_TEXT_MAX];

	if (cell->at_least)
		return add_allocated(l, format_least(cell, o));
	if (!cell->known)
		return add(l, "-");
	if (cell_format_number(column, cell, o->units, text))
		return add(l, text);
	if (column->type == CELL_TEXT)
		return add_allocated(l, format_text(cell));
	if (column->type == CELL_STATE)
		return add(l, trend_marks[cell->number]);
	return add_allocated(l, draw_graph(cell->graph, o->graph ? o->graph : GRAPH));
}

/* The word TOTAL, and what is totalled: after it, or in the second key's column. */
static bool add_total_key(struct table_layout *l, size_t column)
{
	const char *of = l->options->total;
	bool second = l->report->key_column_count > 1;
	char *text;

	if (column > 1 || (column == 1 && !of))
		return add(l, "");
	if (column == 0 && (!of || second))
		return add(l, total);
	if (asprintf(&text, column == 0 ? "TOTAL (%s)" : "(%s)", of) < 0)
		text = NULL;
	return add_allocated(l, text);
}

static bool add_total(struct table_layout *l, size_t column)
{
	const struct report *r = l->report;

	if (column < r->key_column_count)
		return add_total_key(l, column);
	if (r->columns[column]->type == CELL_STATE || r->columns[column]->role == COLUMN_PROCESS)
		return add(l, "");
	return add_cell(l, r->columns[column], &r->totals[column]);
}

static bool is_text(const struct table_layout *l, size_t column)
{
	return l->report->columns[column]->type == CELL_TEXT;
}

/* The column for the words "(not readable)": a right-aligned column cannot hold them. */
static size_t denied_column(const struct table_layout *l)
{
	size_t c = l->report->key_column_count;

	while (c > 1 && !is_text(l, c - 1))
		c--;
	return c > 0 ? c - 1 : 0;
}

/* For unreadable processes, only their number and memory are known. */
static bool add_denied(struct table_layout *l, size_t column)
{
	const struct coverage *c = &l->report->snapshot->coverage;
	const struct column *of = l->report->columns[column];
	struct cell cell = {.known = false};

	if (column == denied_column(l))
		return add(l, not_readable);
	if (column < l->report->key_column_count || of->type == CELL_STATE ||
	    of->role == COLUMN_PROCESS)
		return add(l, "");
	if (of == column_find(SLICE("processes")))
		cell = (struct cell){.known = true, .number = c->by_outcome[OUTCOME_DENIED]};
	else if (of == column_find(SLICE("rss")))
		cell = (struct cell){.known = c->denied_known > 0, .number = c->denied_resident};
	return add_cell(l, of, &cell);
}

static bool add_row(struct table_layout *l, size_t row)
{
	const struct report *r = l->report;
	bool header = row == 0, totals = row == r->row_count + 1, denied = row > r->row_count + 1;
	const struct cell *cells = header || totals || denied ? NULL : report_row(r, row - 1);

	l->starts[row] = l->used;
	for (size_t c = 0; c < l->columns; c++) {
		size_t offset = l->used - l->starts[row];

		if (offset > UINT32_MAX)
			return false;
		l->offsets[row * l->columns + c] = (uint32_t)offset;
		if (!(header   ? add(l, r->columns[c]->header)
		      : totals ? add_total(l, c)
		      : denied ? add_denied(l, c)
			       : add_cell(l, r->columns[c], &cells[c])))
			return false;
	}
	return true;
}

static bool fill(struct table_layout *l)
{
	for (size_t row = 0; row < l->rows; row++) {
		if (!add_row(l, row))
			return false;
	}
	return true;
}

/* Measures the natural width of each column. */
static void measure(struct table_layout *l)
{
	const struct render_options *o = l->options;

	memset(l->widths, 0, l->columns * sizeof(*l->widths));
	for (size_t row = 0; row < l->rows; row++) {
		for (size_t c = 0; c < l->columns; c++) {
			size_t width = text_width(text_at(l, row, c));

			if (o->text_max && is_text(l, c) && width > o->text_max)
				width = o->text_max;
			if (width > l->widths[c])
				l->widths[c] = width;
		}
	}
	for (size_t c = 0; o->least && c < l->columns; c++) {
		if (l->widths[c] < o->least[c])
			l->widths[c] = o->least[c];
	}
}

size_t layout_width(const struct table_layout *l)
{
	size_t width = 0, shown = 0;

	for (size_t c = 0; c < l->columns; c++) {
		if (l->left_out[c])
			continue;
		width += l->widths[c];
		shown++;
	}
	return shown ? width + (shown - 1) * l->gap : 0;
}

/* Narrows the widest text columns until the table fits; false if none can be narrowed further. */
static bool narrow(struct table_layout *l, size_t least)
{
	while (layout_width(l) > l->options->width) {
		size_t widest = l->columns;

		for (size_t c = 0; c < l->columns; c++) {
			if (is_text(l, c) && !l->left_out[c] && l->widths[c] > least &&
			    (widest == l->columns || l->widths[c] > l->widths[widest]))
				widest = c;
		}
		if (widest == l->columns)
			return false;
		l->widths[widest]--;
	}
	return true;
}

static void leave_out(struct table_layout *l, const struct column *column)
{
	for (size_t c = l->report->key_column_count; c < l->columns; c++)
		l->left_out[c] |= l->report->columns[c] == column;
}

static bool fit(struct table_layout *l)
{
	const struct render_options *o = l->options;
	size_t good = o->text_min ? o->text_min : TEXT_MIN;
	size_t *natural;

	if (o->width == 0)
		return true;
	natural = calloc(l->columns + 1, sizeof(*natural));
	if (!natural)
		return false;
	memcpy(natural, l->widths, l->columns * sizeof(*natural));
	if (layout_width(l) > o->width)
		l->gap = NARROW_GAP;
	for (size_t i = 0; !narrow(l, TEXT_GOOD) && i < o->expendable_count; i++) {
		leave_out(l, o->expendable[i]);
		memcpy(l->widths, natural, l->columns * sizeof(*natural));
	}
	free(natural);
	if (!narrow(l, good) && o->text_min == 0)
		narrow(l, TEXT_LAST);
	return true;
}

/* Writes as much of the start of a string (the end, if from_end) as fits into `width` columns;
 * returns the columns written. */
static size_t write_part(const wchar_t *text, size_t count, size_t width, bool from_end, FILE *out)
{
	size_t used = 0, n = 0;

	while (n < count) {
		int w = wcwidth(text[from_end ? count - 1 - n : n]);

		if (w < 0 || used + (size_t)w > width)
			break;
		used += (size_t)w;
		n++;
	}
	for (size_t i = from_end ? count - n : 0; i < (from_end ? count : n); i++)
		fprintf(out, "%lc", (wint_t)text[i]);
	return used;
}

/* Shortens in the middle, since both ends of a name tell more. Returns the columns written. */
static size_t write_shortened(const char *text, size_t width, FILE *out)
{
	static const char ellipsis[] = "…";
	bool unicode = escape_locale_is_utf8();
	size_t count = mbstowcs(NULL, text, 0), used;
	wchar_t *wide = count == (size_t)-1 ? NULL : calloc(count + 1, sizeof(*wide));

	if (!wide) { /* out of memory, or not text in this locale: every byte is a column */
		fprintf(out, "%.*s", (int)width, text);
		return width;
	}
	mbstowcs(wide, text, count + 1);
	used = write_part(wide, count, (width - 1) / 2, false, out);
	fputs(unicode ? ellipsis : "~", out);
	used++;
	used += write_part(wide, count, width - used, true, out);
	free(wide);
	return used;
}

static void write_blanks(size_t n, FILE *out)
{
	fprintf(out, "%*s", (int)n, "");
}

static void write_cell(const struct table_layout *l, size_t row, size_t column, bool last,
		       FILE *out)
{
	const char *text = text_at(l, row, column);
	size_t width = l->widths[column], own = text_width(text);
	bool left = is_text(l, column);

	if (!left && own < width)
		write_blanks(width - own, out);
	if (left && own > width)
		own = write_shortened(text, width, out);
	else
		fputs(text, out);
	/* No trailing blanks. */
	if (left && !last && own < width)
		write_blanks(width - own, out);
}

bool layout_init(struct table_layout *l, const struct report *report,
		 const struct render_options *options)
{
	*l = (struct table_layout){
		.report = report,
		.options = options,
		.denied = options->shows_denied &&
			  report->snapshot->coverage.by_outcome[OUTCOME_DENIED] > 0,
		.rows = report->row_count + 2,
		.columns = report->column_count,
		.gap = GAP,
	};
	l->rows += l->denied;
	l->starts = calloc(l->rows, sizeof(*l->starts));
	l->offsets = calloc(l->rows * l->columns + 1, sizeof(*l->offsets));
	l->widths = calloc(l->columns, sizeof(*l->widths));
	l->left_out = calloc(l->columns, sizeof(*l->left_out));
	if (!l->starts || !l->offsets || !l->widths || !l->left_out || !fill(l))
		return false;
	measure(l);
	return fit(l);
}

void layout_free(struct table_layout *l)
{
	free(l->texts);
	free(l->starts);
	free(l->offsets);
	free(l->widths);
	free(l->left_out);
}

void layout_write(const struct table_layout *l, size_t row, FILE *out)
{
	size_t end = l->columns;

	while (end > 0 && (l->left_out[end - 1] || !*text_at(l, row, end - 1)))
		end--;
	for (size_t c = 0; c < end; c++) {
		if (l->left_out[c])
			continue;
		if (c > 0)
			write_blanks(l->gap, out);
		write_cell(l, row, c, c + 1 == end, out);
	}
}
