#include "tui/chart.h"

#include "base/escape.h"
#include "base/textstream.h"
#include "render/size.h"
#include "tui/keys.h"
#include "tui/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { AROUND = 6, LEVELS = 8 };

/* What one column of the screen shows. */
struct bar {
	enum { BAR_NOTHING, BAR_UNKNOWN, BAR_KNOWN } what;
	bool breaks;  /* a gap ends in it */
	size_t point; /* the largest point in it, or the last one before it */
	uint64_t bytes;
};

struct chart {
	const struct curve *curve;
	const char *title;
	enum units units;
	struct bar *bars;
	size_t width, at; /* at: the selected column */
	uint64_t most;
};

static uint64_t span_of(const struct curve *s)
{
	uint64_t span = s->list[s->count - 1].elapsed_ms - s->list[0].elapsed_ms;

	return span ? span : 1;
}

/* The column of a point; all columns cover the same time. */
static size_t column_of(const struct chart *c, size_t point)
{
	const struct curve *s = c->curve;
	uint64_t from_begin = s->list[point].elapsed_ms - s->list[0].elapsed_ms;
	double part = (double)from_begin / (double)span_of(s);

	return (size_t)(part * (double)(c->width - 1));
}

static void put_point(const struct chart *c, size_t point)
{
	const struct point *p = &c->curve->list[point];
	struct bar *bar = &c->bars[column_of(c, point)];

	bar->breaks |= curve_breaks(c->curve, point);
	if (!p->known && bar->what != BAR_KNOWN) {
		bar->what = BAR_UNKNOWN;
		bar->point = point;
	} else if (p->known && (bar->what != BAR_KNOWN || p->bytes >= bar->bytes)) {
		bar->what = BAR_KNOWN;
		bar->point = point;
		bar->bytes = p->bytes;
	}
}

/* Between two successive samples, the first one counts. */
static void fill(const struct chart *c)
{
	size_t before = 0;

	for (size_t i = 1; i < c->curve->count; i++) {
		size_t from = column_of(c, i - 1), to = column_of(c, i);

		before = c->bars[from].point;
		for (size_t x = from + 1; x < to; x++) {
			c->bars[x].point = before;
			if (curve_breaks(c->curve, i))
				continue;
			c->bars[x].what = c->curve->list[i - 1].known ? BAR_KNOWN : BAR_UNKNOWN;
			c->bars[x].bytes = c->curve->list[i - 1].bytes;
			c->bars[x].point = i - 1;
		}
	}
}

static bool make(struct chart *c)
{
	c->width = screen_width() > 1 ? (size_t)screen_width() : 2;
	free(c->bars);
	c->bars = calloc(c->width, sizeof(*c->bars));
	if (!c->bars)
		return false;
	c->most = 0;
	for (size_t i = 0; i < c->curve->count; i++)
		put_point(c, i);
	fill(c);
	for (size_t x = 0; x < c->width; x++)
		c->most = c->bars[x].bytes > c->most ? c->bars[x].bytes : c->most;
	return true;
}

/* How much of a cell is filled, in LEVELS; any amount but 0 is visible. */
static int level_at(const struct chart *c, const struct bar *bar, int row, int rows)
{
	double all = c->most ? (double)bar->bytes / (double)c->most * rows * LEVELS : 0;
	int level = (int)all - row * LEVELS;

	if (row == 0 && bar->bytes > 0 && level == 0)
		level = 1;
	return level < 0 ? 0 : level > LEVELS ? LEVELS : level;
}

static void write_cell(const struct chart *c, const struct bar *bar, int row, int rows, FILE *out)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	bool unicode = escape_locale_is_utf8();
	int level;

	if (bar->what != BAR_KNOWN) {
		fputs(bar->what == BAR_UNKNOWN && row == 0 ? "?" : " ", out);
		return;
	}
	level = level_at(c, bar, row, rows);
	fputs(unicode ? blocks[level] : level > LEVELS / 2 ? "#" : level ? "." : " ", out);
}

static void write_time(const struct point *p, char *text, size_t size)
{
	time_t seconds = (time_t)(p->time_ms / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(text, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(text, size, "?");
}

/* `row` counts from below; -1 is the line of marks. */
static void draw_row(const struct chart *c, int row, int rows, int y)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return;
	for (size_t x = 0; x < c->width; x++) {
		if (row >= 0)
			write_cell(c, &c->bars[x], row, rows, out);
		else
			putc(x == c->at ? '^' : c->bars[x].breaks ? '|' : '-', out);
	}
	if (textstream_close(out, &text))
		screen_line(y, text, STYLE_PLAIN);
	free(text);
}

static void draw_facts(const struct chart *c)
{
	const struct bar *bar = &c->bars[c->at];
	char most[SIZE_TEXT_MAX], here[SIZE_TEXT_MAX] = "unknown", time[32], line[256];

	size_format(c->most, c->units, most);
	if (bar->what == BAR_KNOWN)
		size_format(bar->bytes, c->units, here);
	else if (bar->what == BAR_NOTHING)
		snprintf(here, sizeof(here), "nothing recorded after");
	write_time(&c->curve->list[bar->point], time, sizeof(time));
	snprintf(line, sizeof(line), "%s at %s   largest %s   ^ here, | end of a gap, ? unknown",
		 here, time, most);
	screen_line(1, line, STYLE_BOLD);
}

static void draw_ends(const struct chart *c, int y)
{
	char first[32], last[32], *line = NULL;
	int pad;

	write_time(&c->curve->list[0], first, sizeof(first));
	write_time(&c->curve->list[c->curve->count - 1], last, sizeof(last));
	pad = (int)c->width - (int)strlen(first);
	if (asprintf(&line, "%s%*s", first, pad > (int)strlen(last) ? pad : 0, last) < 0)
		return;
	screen_line(y, line, STYLE_DIM);
	free(line);
}

static void draw_chart(const struct chart *c)
{
	int height = screen_height(), rows = height > AROUND ? height - AROUND : 1;

	screen_clear();
	screen_line(0, c->title, STYLE_HEADER);
	draw_facts(c);
	for (int row = 0; row < rows; row++)
		draw_row(c, row, rows, 1 + rows - row);
	draw_row(c, -1, rows, rows + 2);
	draw_ends(c, rows + 3);
	screen_line(height - 1, "<- -> move   Enter: go to that time   any other key: back",
		    STYLE_DIM);
	screen_show(-1, 0);
}

/* Moves by columns; false for a key that ends the chart. */
static bool take_key(struct chart *c, int key)
{
	switch (action_of(key)) {
	case ACTION_SAMPLE_BACK:
		c->at -= c->at > 0;
		return true;
	case ACTION_SAMPLE_FORTH:
		c->at += c->at + 1 < c->width;
		return true;
	case ACTION_FIRST:
		c->at = 0;
		return true;
	case ACTION_LAST:
		c->at = c->width - 1;
		return true;
	default:
		return false;
	}
}

uint64_t chart_run(const struct curve *s, const char *title, uint64_t number, enum units units)
{
	struct chart c = {.curve = s, .title = title, .units = units};
	uint64_t chosen = 0;
	bool made = make(&c);

	c.at = made ? column_of(&c, curve_find(s, number)) : 0;
	while (made) {
		int key;

		draw_chart(&c);
		key = screen_wait(-1);
		if (action_of(key) == ACTION_RESIZE) {
			made = make(&c);
			c.at = c.at < c.width ? c.at : c.width - 1;
			continue;
		}
		if (key == SCREEN_TIMEOUT || take_key(&c, key))
			continue;
		if (action_of(key) == ACTION_ENTER)
			chosen = s->list[c.bars[c.at].point].number;
		break;
	}
	free(c.bars);
	return chosen;
}
