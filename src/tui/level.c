#include "tui/level.h"

#include "base/escape.h"
#include "base/textstream.h"

#include <inttypes.h>
#include <stdlib.h>

void level_init(struct level *l, struct watch *w, const struct grouping *by,
		const struct report_options *options)
{
	*l = (struct level){.watch = w, .options = *options};
	view_init(&l->view, by);
}

void level_free(struct level *l)
{
	report_free(&l->report);
	view_free(&l->view);
	free(l->title);
	free(l->filter);
	free(l->shown);
	free(l->at);
}

static void write_cell(const struct column *column, const struct cell *cell, FILE *out)
{
	if (!cell->known)
		putc('-', out);
	else if (column->type == CELL_TEXT)
		escape_write(out, cell->text);
	else if (column->type == CELL_ADDRESS)
		fprintf(out, "%" PRIx64, cell->number);
	else
		fprintf(out, "%" PRIu64, cell->number);
}

char *level_text(const struct level *l, size_t shown)
{
	const struct report *r = &l->report;
	const struct cell *row;
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	row = report_row(r, l->shown[shown]);
	for (size_t c = 0; c < r->key_column_count; c++) {
		if (c > 0)
			putc(' ', out);
		write_cell(r->columns[c], &row[c], out);
	}
	return textstream_close(out, &text) ? text : NULL;
}

static bool has_text(const struct level *l, size_t shown, const char *text)
{
	char *own = level_text(l, shown);
	bool has = own && strcasestr(own, text);

	free(own);
	return has;
}

static void follow_cursor(struct level *l)
{
	for (size_t i = 0; l->at && i < l->shown_count; i++) {
		char *text = level_text(l, i);
		bool found = text && strcmp(text, l->at) == 0;

		free(text);
		if (found) {
			l->cursor = i;
			return;
		}
	}
	level_move(l, l->cursor);
}

/* Drops a sort key that only another level has. */
static void check_sort(struct level *l)
{
	const struct column *list[COLUMNS_MAX];

	if (!l->options.sort || l->options.sort->role != COLUMN_KEY)
		return;
	for (unsigned i = 0; i < l->view.by.count; i++) {
		size_t n = column_of_key(l->view.by.keys[i], true, list);

		while (n > 0) {
			if (list[--n] == l->options.sort)
				return;
		}
	}
	l->options.sort = NULL;
}

int level_list(struct level *l, struct error *e)
{
	size_t *shown;

	report_free(&l->report);
	check_sort(l);
	if (report_build(&l->view.snapshot, &l->options, &l->report, e) < 0)
		return -1;
	shown = reallocarray(l->shown, l->report.row_count + 1, sizeof(*shown));
	if (!shown)
		return error_memory(e);
	l->shown = shown;
	l->shown_count = 0;
	for (size_t i = 0; i < l->report.row_count; i++) {
		l->shown[l->shown_count] = i;
		if (!l->filter || has_text(l, l->shown_count, l->filter))
			l->shown_count++;
	}
	if (l->filter)
		report_total(&l->report, l->shown, l->shown_count);
	follow_cursor(l);
	return 0;
}

int level_update(struct level *l, struct error *e)
{
	report_free(&l->report);
	if (view_update(&l->view, l->watch, e) < 0)
		return -1;
	return level_list(l, e);
}

void level_move(struct level *l, size_t to)
{
	if (to >= l->shown_count)
		to = l->shown_count ? l->shown_count - 1 : 0;
	l->cursor = to;
	free(l->at);
	l->at = to > 0 ? level_text(l, to) : NULL;
}

size_t level_search(const struct level *l, const char *text, size_t from)
{
	for (size_t i = 0; i < l->shown_count; i++) {
		size_t row = (from + i) % l->shown_count;

		if (has_text(l, row, text))
			return row;
	}
	return l->shown_count;
}

static const symbol *key_at_cursor(const struct level *l)
{
	uint32_t group = l->report.groups[l->shown[l->cursor]];

	return aggregate_key(&l->view.snapshot.groups, group);
}

/* Whether the row at the cursor stands for all files, which share one label. */
static bool is_of_files(const struct level *l)
{
	const struct snapshot *s = &l->view.snapshot;
	const struct slice files = SLICE("[file]");

	for (unsigned k = 0; k < s->by.count; k++) {
		symbol value = key_at_cursor(l)[k];
		enum origin origin;

		if (value == SYMBOL_NONE)
			continue;
		if (s->by.keys[k] == KEY_LABEL &&
		    slice_equals(key_label(&s->symbols, value, &origin), files))
			return true;
		if (s->by.keys[k] == KEY_SUBSYSTEM &&
		    slice_equals(intern_bytes(&s->symbols, value), files))
			return true;
	}
	return false;
}

/* Whether a key would divide the row at the cursor. */
static bool divides(const struct level *l, enum key key)
{
	if (view_has(&l->view, key))
		return false;
	if (key == KEY_FILE)
		return !view_has(&l->view, KEY_MAPPING) && is_of_files(l);
	/* All files share one label, and so does everything in one file. */
	return key != KEY_LABEL || !(view_has(&l->view, KEY_FILE) || is_of_files(l));
}

/* Whether a recording has a key; keys that follow from the process divide nothing. */
static bool is_recorded(const struct level *l, enum key key)
{
	return grouping_has(&l->watch->options.collecting.by, key) &&
	       (key == KEY_LABEL || !view_has(&l->view, KEY_PROCESS));
}

bool level_below(const struct level *l, struct grouping *by)
{
	static const enum key live[] = {KEY_FILE, KEY_LABEL, KEY_PROCESS, KEY_MAPPING},
			      recorded[] = {KEY_LABEL, KEY_PROCESS, KEY_NAME, KEY_CGROUP, KEY_USER};
	bool from_recording = l->watch->source == SOURCE_RECORDING;
	const enum key *way = from_recording ? recorded : live;
	size_t count = from_recording ? sizeof(recorded) / sizeof(*recorded)
				      : sizeof(live) / sizeof(*live);

	for (size_t i = 0; l->shown_count > 0 && i < count; i++) {
		if (divides(l, way[i]) && (!from_recording || is_recorded(l, way[i]))) {
			*by = (struct grouping){.keys = {way[i]}, .count = 1};
			return true;
		}
	}
	return false;
}

bool level_fix(const struct level *l, struct level *below)
{
	const struct snapshot *s = &l->view.snapshot;
	struct intern values;
	bool fixed = true;

	intern_init(&values);
	for (size_t i = 0; fixed && i < l->view.fixed_count; i++) {
		const struct fixed *f = &l->view.fixed[i];
		symbol value = f->known ? intern(&values, (struct slice){f->bytes, f->length})
					: SYMBOL_NONE;

		fixed = view_fix(&below->view, f->key, &values, value);
	}
	intern_free(&values);
	for (unsigned k = 0; fixed && k < s->by.count; k++)
		fixed = view_fix(&below->view, s->by.keys[k], &s->symbols, key_at_cursor(l)[k]);
	free(below->title);
	below->title = level_text(l, l->cursor);
	return fixed && below->title;
}

pid_t level_pid(const struct level *l)
{
	const struct snapshot *s = &l->view.snapshot;

	for (unsigned k = 0; k < s->by.count; k++) {
		symbol value = key_at_cursor(l)[k];

		if (s->by.keys[k] == KEY_PROCESS && value != SYMBOL_NONE)
			return key_process(&s->symbols, value).pid;
	}
	for (size_t i = 0; i < l->view.fixed_count; i++) {
		const struct fixed *f = &l->view.fixed[i];

		if (f->key == KEY_PROCESS && f->known)
			return key_identity((struct slice){f->bytes, f->length}).pid;
	}
	return 0;
}
