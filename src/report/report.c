#include "report/report.h"

#include "report/notes.h"
#include "report/order.h"

#include <stdlib.h>

static bool has_column(const struct report *r, const struct column *column)
{
	for (size_t i = 0; i < r->column_count; i++) {
		if (r->columns[i] == column)
			return true;
	}
	return false;
}

static void add_columns(struct report *r, const struct column *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!has_column(r, list[i]))
			r->columns[r->column_count++] = list[i];
	}
}

static void choose_columns(struct report *r, const struct report_options *options)
{
	const struct grouping *by = &r->snapshot->by;

	for (unsigned i = 0; i < by->count; i++) {
		const struct column *list[COLUMNS_MAX];

		add_columns(r, list, column_of_key(by->keys[i], options->full_keys, list));
	}
	r->key_column_count = r->column_count;
	for (size_t i = 0; i < options->column_count; i++) {
		if (options->columns[i] != options->if_hugetlb ||
		    counters_hugetlb(&r->snapshot->totals.counters) > 0)
			add_columns(r, &options->columns[i], 1);
	}
}

static void fill_row(const struct report *r, const struct group *group, const symbol *key,
		     struct cell *row)
{
	const struct column_input in = {.snapshot = r->snapshot, .group = group, .key = key};

	for (size_t i = 0; i < r->column_count; i++)
		row[i] = r->columns[i]->get(r->columns[i], &in);
}

static bool is_size(const struct column *column)
{
	return column->type == CELL_BYTES || column->type == CELL_BOUNDS;
}

/* Whether a row has a size that is not zero, an unknown size, or a change. hugetlbfs pages are
 * memory, although no other size includes them. */
static bool has_size(const struct report *r, uint32_t group)
{
	const struct aggregate *groups = &r->snapshot->groups;
	const struct column_input in = {
		.snapshot = r->snapshot,
		.group = &groups->groups[group],
		.key = aggregate_key(groups, group),
	};
	const uint64_t *bytes = in.group->counters.bytes;

	if (bytes[COUNTER_SHARED_HUGETLB] || bytes[COUNTER_PRIVATE_HUGETLB])
		return true;
	for (size_t i = r->key_column_count; i < r->column_count; i++) {
		const struct column *column = r->columns[i];
		struct cell cell;

		if (!is_size(column) && column->type != CELL_CHANGE)
			continue;
		cell = column->get(column, &in);
		if (!cell.known ? is_size(column) : cell.number || cell.most || cell.change)
			return true;
	}
	return false;
}

static bool shows_sizes(const struct report *r)
{
	for (size_t i = r->key_column_count; i < r->column_count; i++) {
		if (is_size(r->columns[i]))
			return true;
	}
	return false;
}

/* A process exists whether or not it has memory, and people look for it, so its row stays. */
static bool is_by_process(const struct grouping *by)
{
	static const enum key parts[] = {KEY_LABEL, KEY_SUBSYSTEM, KEY_KIND, KEY_FILE, KEY_MAPPING};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (grouping_has(by, parts[i]))
			return false;
	}
	return grouping_has(by, KEY_PROCESS);
}

/* So does the row of a shared memory object, mapped or not. */
static bool keeps_zeros(const struct grouping *by)
{
	return is_by_process(by) || grouping_has(by, KEY_SEGMENT);
}

/* Removes the rows without any size. */
static void leave_zeros_out(struct report *r, uint32_t *order)
{
	size_t kept = 0;

	if (!shows_sizes(r) || keeps_zeros(&r->snapshot->by))
		return;
	for (size_t i = 0; i < r->row_count; i++) {
		if (has_size(r, order[i]))
			order[kept++] = order[i];
	}
	r->zeros = r->row_count - kept;
	r->row_count = kept;
}

static bool fill_rows(struct report *r, const struct report_options *options)
{
	const struct aggregate *groups = &r->snapshot->groups;
	uint32_t *order = order_groups(r->snapshot, options->sort, options->falling);

	if (!order)
		return false;
	r->row_count = aggregate_count(groups);
	if (options->hide_zeros)
		leave_zeros_out(r, order);
	if (options->limit > 0 && r->row_count > options->limit) {
		r->hidden = r->row_count - options->limit;
		r->row_count = options->limit;
	}
	r->groups = order;
	r->row = calloc(r->column_count + 1, sizeof(*r->row));
	return r->row != NULL;
}

const struct cell *report_row(const struct report *r, size_t row)
{
	const struct aggregate *groups = &r->snapshot->groups;
	uint32_t group = r->groups[row];

	fill_row(r, &groups->groups[group], aggregate_key(groups, group), r->row);
	return r->row;
}

int report_build(const struct snapshot *snapshot, const struct report_options *options,
		 struct report *r, struct error *e)
{
	struct hidden_rows hidden;

	*r = (struct report){.snapshot = snapshot};
	choose_columns(r, options);
	fill_row(r, &snapshot->totals, NULL, r->totals);
	r->coverage = coverage_sentence(snapshot);
	if (!fill_rows(r, options))
		return error_memory(e);
	hidden = (struct hidden_rows){r->zeros, r->hidden};
	if (!r->coverage || !notes_make(snapshot, &hidden, &r->notes, &r->note_count) ||
	    !missing_make(snapshot, &r->missing, &r->missing_count) ||
	    !checks_make(snapshot, &r->checks, &r->check_count))
		return error_memory(e);
	return 0;
}

/* Whether each process is in one row only. */
static bool keeps_processes_apart(const struct grouping *by)
{
	static const enum key of_process[] = {KEY_PROCESS,   KEY_NAME, KEY_USER, KEY_CGROUP,
					      KEY_CONTAINER, KEY_POD,  KEY_UNIT, KEY_COMMAND};
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(of_process) / sizeof(*of_process); i++)
		found += grouping_has(by, of_process[i]);
	return found == by->count;
}

/* Adds a row to the trend of totals. Before it existed, it had no memory. */
static void add_trend(struct trend *sum, const struct trend *t)
{
	sum->change_known &= t->change_known;
	sum->growth_known &= t->growth_known;
	sum->change += t->change;
	sum->growth += t->growth;
	if (t->history_count > sum->history_count) {
		unsigned older = t->history_count - sum->history_count;

		memmove(sum->history + older, sum->history,
			sum->history_count * sizeof(*sum->history));
		memset(sum->history, 0, older * sizeof(*sum->history));
		sum->history_count = t->history_count;
	}
	for (unsigned i = 1; i <= t->history_count; i++)
		sum->history[sum->history_count - i] += t->history[t->history_count - i];
}

void report_total(struct report *r, const size_t *rows, size_t count)
{
	const struct snapshot *s = r->snapshot;
	struct group sum;
	const struct column_input in = {
		.snapshot = s, .group = &sum, .trend = s->trends ? &r->part : NULL};

	group_zero(&sum);
	r->part = (struct trend){.change_known = true, .growth_known = true};
	for (size_t i = 0; i < count; i++) {
		uint32_t group = r->groups[rows[i]];

		group_add(&sum, &s->groups.groups[group]);
		if (s->trends)
			add_trend(&r->part, &s->trends[group]);
	}
	for (size_t c = 0; c < r->column_count; c++) {
		r->totals[c] = r->columns[c]->get(r->columns[c], &in);
		if (r->columns[c] == column_find(SLICE("processes")))
			r->totals[c].known = count < 2 || keeps_processes_apart(&s->by);
	}
}

static void free_lines(char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
}

void report_free(struct report *r)
{
	free(r->row);
	free(r->groups);
	free(r->coverage);
	free_lines(r->notes, r->note_count);
	free_lines(r->missing, r->missing_count);
	free_lines(r->checks, r->check_count);
	*r = (struct report){0};
}
