#include "report/changes.h"

#include "base/textstream.h"
#include "report/order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

bool changes_suits(const struct column *column)
{
	return column->role == COLUMN_COUNTER && column->type == CELL_BYTES;
}

/* The cell of one side. */
static struct cell figure(const struct column *of, const struct snapshot *side,
			  const struct group *group, bool is_open)
{
	const struct column_input in = {.snapshot = side, .group = group};
	struct cell cell = of->get(of, &in);

	cell.known &= !is_open;
	cell.at_least = false;
	return cell;
}

static struct cell change(const struct cell *before, const struct cell *after)
{
	return (struct cell){.known = before->known && after->known,
			     .change = (int64_t)(after->number - before->number)};
}

static struct compared figures(const struct column *of, const struct delta *d,
			       const struct delta_row *row)
{
	struct compared c = {
		.before = figure(of, d->before, &row->before, row->before_open),
		.after = figure(of, d->after, &row->after, row->after_open),
	};

	c.change = change(&c.before, &c.after);
	return c;
}

struct compared changes_figures(const struct changes *c, const struct group *group)
{
	const struct delta *d = c->report.snapshot->delta;

	return figures(c->of, d, delta_row(d, group));
}

/* Columns */

static struct compared figures_in(const struct column *column, const struct column_input *in)
{
	const struct compared_column *self = (const struct compared_column *)column;
	const struct delta *d = in->snapshot->delta;

	return figures(self->of, d, delta_row(d, in->key ? in->group : NULL));
}

static struct cell get_before(const struct column *column, const struct column_input *in)
{
	return figures_in(column, in).before;
}

static struct cell get_after(const struct column *column, const struct column_input *in)
{
	return figures_in(column, in).after;
}

static struct cell get_change(const struct column *column, const struct column_input *in)
{
	return figures_in(column, in).change;
}

static struct cell get_state(const struct column *column, const struct column_input *in)
{
	const struct delta_row *row = delta_row(in->snapshot->delta, in->key ? in->group : NULL);
	const char *state = "";

	(void)column;
	if (!row->in_before && !row->before_open)
		state = "new";
	if (!row->in_after && !row->after_open)
		state = "gone";
	return (struct cell){.known = true, .plain = true, .text = slice_of(state)};
}

static void make_columns(struct changes *c)
{
	static const struct column made[] = {
		{"before", "BEFORE", "", CELL_BYTES, COLUMN_DERIVED, get_before, 0, false},
		{"after", "AFTER", "", CELL_BYTES, COLUMN_DERIVED, get_after, 0, false},
		{"change", "CHANGE", "", CELL_CHANGE, COLUMN_DERIVED, get_change, 0, false},
		{"state", "STATE", "", CELL_TEXT, COLUMN_DERIVED, get_state, 0, false},
	};

	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++)
		c->columns[i] = (struct compared_column){made[i], c->of};
}

static void choose_columns(struct changes *c, bool full_keys)
{
	struct report *r = &c->report;
	const struct grouping *by = &r->snapshot->by;

	for (unsigned i = 0; i < by->count; i++) {
		const struct column *list[COLUMNS_MAX];
		size_t count = column_of_key(by->keys[i], full_keys, list);

		for (size_t k = 0; k < count; k++) {
			size_t n = 0;

			while (n < r->column_count && r->columns[n] != list[k])
				n++;
			if (n == r->column_count)
				r->columns[r->column_count++] = list[k];
		}
	}
	r->key_column_count = r->column_count;
	for (size_t i = 0; i < sizeof(c->columns) / sizeof(*c->columns); i++)
		r->columns[r->column_count++] = &c->columns[i].column;
}

/* Rows */

struct ranked {
	uint32_t group, place; /* position before sorting */
	struct compared figures;
};

static uint64_t size_of_change(const struct cell *change)
{
	return change->change < 0 ? -(uint64_t)change->change : (uint64_t)change->change;
}

/* Unknown changes come last. */
static int by_change(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;
	uint64_t p = size_of_change(&a->figures.change), q = size_of_change(&b->figures.change);

	if (a->figures.change.known != b->figures.change.known)
		return a->figures.change.known ? -1 : 1;
	if (a->figures.change.known && p != q)
		return p > q ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

static bool is_same(const struct compared *f)
{
	return f->change.known && f->change.change == 0;
}

static void keep_rows(struct changes *c, const struct ranked *ranked, size_t count,
		      const struct changes_options *options)
{
	struct report *r = &c->report;

	c->hidden = (struct cell){.known = true};
	for (size_t i = 0; i < count; i++) {
		const struct cell *change = &ranked[i].figures.change;

		if (options->hide_same && is_same(&ranked[i].figures)) {
			c->same++;
		} else if (options->limit && r->row_count == options->limit) {
			r->hidden++;
			c->hidden.known &= change->known;
			c->hidden.change += change->known ? change->change : 0;
		} else {
			r->groups[r->row_count++] = ranked[i].group;
		}
	}
}

static bool rank(struct changes *c, const struct changes_options *options)
{
	struct report *r = &c->report;
	const struct aggregate *groups = &r->snapshot->groups;
	size_t count = aggregate_count(groups);
	struct ranked *ranked = calloc(count + 1, sizeof(*ranked));

	r->groups = order_groups(r->snapshot, NULL, false);
	r->row = calloc(r->column_count + 1, sizeof(*r->row));
	if (!ranked || !r->groups || !r->row) {
		free(ranked);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t group = r->groups[i];

		ranked[i] = (struct ranked){group, (uint32_t)i,
					    changes_figures(c, &groups->groups[group])};
	}
	qsort(ranked, count, sizeof(*ranked), by_change);
	keep_rows(c, ranked, count, options);
	free(ranked);
	return true;
}

/* Sentences */

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "es";
}

static uint64_t missed(const struct snapshot *side)
{
	return coverage_incomplete(&side->coverage);
}

/* How much of each side was read. */
static char *write_coverage(const struct delta *d)
{
	const struct coverage *before = &d->before->coverage, *after = &d->after->coverage;
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%" PRIu64 " process%s read before, %" PRIu64 " after",
		before->by_outcome[OUTCOME_READ], plural(before->by_outcome[OUTCOME_READ]),
		after->by_outcome[OUTCOME_READ]);
	if (missed(d->before) + missed(d->after) > 0)
		fprintf(out,
			"; %" PRIu64 " could not be read before, %" PRIu64
			" after, so part of the change may be theirs",
			missed(d->before), missed(d->after));
	return textstream_close(out, &text) ? text : NULL;
}

typedef void note_fn(const struct changes *c, const struct delta *d, FILE *out);

static void write_moment(const struct snapshot *side, FILE *out)
{
	char text[64];
	struct tm tm;

	if (localtime_r(&side->machine.time.tv_sec, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		fprintf(out, "recorded at %s, sample %" PRIu64, text, side->sample);
}

/* A time is answered by the last sample before it. */
static void note_recorded(const struct changes *c, const struct delta *d, FILE *out)
{
	bool before = d->before->source == SOURCE_RECORDING,
	     after = d->after->source == SOURCE_RECORDING;

	(void)c;
	if (before) {
		fputs("before was ", out);
		write_moment(d->before, out);
	}
	if (after) {
		fputs(before ? "; after was " : "after was ", out);
		write_moment(d->after, out);
	}
}

static void note_same(const struct changes *c, const struct delta *d, FILE *out)
{
	(void)d;
	if (c->same > 0)
		fprintf(out, "%" PRIu64 " row%s without a change hidden; -a shows %s", c->same,
			c->same == 1 ? "" : "s", c->same == 1 ? "it" : "them");
}

/* With a sign. */
static void write_change(int64_t bytes, FILE *out)
{
	if (bytes > -(1 << 20) && bytes < 1 << 20)
		fprintf(out, "%+.0f KiB", (double)bytes / 1024);
	else
		fprintf(out, "%+.1f MiB", (double)bytes / (1 << 20));
}

static void note_hidden(const struct changes *c, const struct delta *d, FILE *out)
{
	(void)d;
	if (c->report.hidden == 0)
		return;
	fprintf(out, "%zu more row%s hidden by --limit", c->report.hidden,
		c->report.hidden == 1 ? "" : "s");
	if (c->hidden.known) {
		fputs(", which changed by ", out);
		write_change(c->hidden.change, out);
	}
}

static void note_rows_left_out(const struct changes *c, const struct delta *d, FILE *out)
{
	bool both = d->before->rows_left_out && d->after->rows_left_out;

	(void)c;
	if (d->before->rows_left_out || d->after->rows_left_out)
		fprintf(out,
			"the report of %s lacks rows (--limit); memory without a row there is "
			"unknown",
			both			   ? "both sides"
			: d->before->rows_left_out ? "before"
						   : "after");
}

static void note_lost_names(const struct changes *c, const struct delta *d, FILE *out)
{
	uint64_t before = d->before->coverage.by_how[HOW_NAMES_LOST],
		 after = d->after->coverage.by_how[HOW_NAMES_LOST];

	(void)c;
	if (before + after > 0)
		fprintf(out,
			"%" PRIu64 " process%s before, %" PRIu64
			" after, keep names of memory that could not be read; that memory is shown "
			"without names",
			before, plural(before), after);
}

static bool is_redacted(const struct snapshot *side)
{
	return strcmp(side->machine.host, "redacted") == 0;
}

/* Names are hashed with a key of each capture, and of each run of a recorder. */
static void note_redacted(const struct changes *c, const struct delta *d, FILE *out)
{
	bool before = is_redacted(d->before), after = is_redacted(d->after);

	(void)c;
	if (before != after)
		fprintf(out,
			"the names of %s are hashed (--redact), so they match none of the other "
			"side",
			before ? "before" : "after");
	else if (before && d->before->source != SOURCE_RECORDING)
		fputs("the names of both sides are hashed (--redact), so they match only within "
		      "one capture",
		      out);
}

static void note_machine(const struct changes *c, const struct delta *d, FILE *out)
{
	const struct machine *before = &d->before->machine, *after = &d->after->machine;
	bool hosts = before->host[0] && after->host[0] && !is_redacted(d->before) &&
		     !is_redacted(d->after);

	(void)c;
	if (hosts && strcmp(before->host, after->host) != 0)
		fprintf(out, "two machines are compared: %s and %s", before->host, after->host);
	else if (before->kernel[0] && after->kernel[0] &&
		 strcmp(before->kernel, after->kernel) != 0)
		fprintf(out, "two kernels are compared: %s and %s", before->kernel, after->kernel);
}

static void note_order(const struct changes *c, const struct delta *d, FILE *out)
{
	const struct machine *before = &d->before->machine, *after = &d->after->machine;

	(void)c;
	if (before->time_known && after->time_known && after->time.tv_sec < before->time.tv_sec)
		fputs("the second side is older than the first", out);
}

static bool add_notes(struct changes *c, const struct delta *d)
{
	static note_fn *const notes[] = {note_recorded,	     note_same,	      note_hidden,
					 note_rows_left_out, note_lost_names, note_redacted,
					 note_machine,	     note_order};
	struct report *r = &c->report;

	r->notes = calloc(sizeof(notes) / sizeof(*notes), sizeof(*r->notes));
	for (size_t i = 0; r->notes && i < sizeof(notes) / sizeof(*notes); i++) {
		char *text = NULL;
		size_t size;
		FILE *out = textstream_open(&text, &size);

		if (!out)
			return false;
		notes[i](c, d, out);
		if (!textstream_close(out, &text))
			return false;
		if (*text)
			r->notes[r->note_count++] = text;
		else
			free(text);
	}
	return r->notes != NULL;
}

int changes_build(const struct delta *d, const struct changes_options *options, struct changes *c,
		  struct error *e)
{
	const struct column_input all = {.snapshot = &d->rows, .group = &d->rows.totals};
	struct report *r = &c->report;

	*c = (struct changes){.report = {.snapshot = &d->rows}, .of = options->column};
	make_columns(c);
	choose_columns(c, options->full_keys);
	for (size_t i = 0; i < r->column_count; i++)
		r->totals[i] = r->columns[i]->get(r->columns[i], &all);
	r->coverage = write_coverage(d);
	if (!r->coverage || !rank(c, options) || !add_notes(c, d))
		return error_memory(e);
	return 0;
}

void changes_free(struct changes *c)
{
	report_free(&c->report);
}
