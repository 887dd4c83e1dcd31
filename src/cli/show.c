#include "cli/show.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <bsd/stdlib.h>

/* Adds a column once; if it is there already, it stays where it is. */
static void add_column(struct report_options *r, const struct column *column)
{
	size_t i = 0;

	while (i < r->column_count && r->columns[i] != column)
		i++;
	if (i == r->column_count)
		r->columns[r->column_count++] = column;
}

void choose_columns(const struct options *o, const char *const *people, struct report_options *r)
{
	const struct renderer *renderer = o->renderer;
	bool replaced = o->columns.replaces, watch = o->command == FOR_TOP;

	if (!renderer->shows && !replaced) {
		for (; *people; people++)
			add_column(r, column_find(slice_of(*people)));
		r->if_hugetlb = column_find(SLICE("hugetlb"));
	}
	for (size_t i = 0; i < column_count; i++) {
		if (renderer->shows && (!replaced || renderer->adds_columns) &&
		    renderer->shows(&columns[i], watch))
			add_column(r, &columns[i]);
	}
	for (size_t i = 0; i < o->columns.count; i++) {
		add_column(r, o->columns.list[i]);
		/* Programs get the two bounds as separate columns. */
		if (renderer->full_keys && o->columns.list[i]->type == CELL_BOUNDS)
			add_column(r, column_find(SLICE("exclusive_max")));
		if (o->columns.list[i] == r->if_hugetlb)
			r->if_hugetlb = NULL;
	}
}

unsigned columns_need(const struct options *o)
{
	unsigned needs = o->sort ? column_needs(o->sort) : 0;

	for (size_t i = 0; i < o->columns.count; i++)
		needs |= column_needs(o->columns.list[i]);
	return needs;
}

bool carries_notes(const struct options *o)
{
	return o->quiet ? o->renderer->always_notes : o->renderer->carries_notes;
}

bool wants_color(const struct options *o, int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

size_t terminal_width(int fd)
{
	const char *columns_text = getenv("COLUMNS");
	struct winsize size;
	const char *wrong = "";
	long long width = 0;

	if (!isatty(fd))
		return 0;
	if (columns_text)
		width = strtonum(columns_text, 1, 10000, &wrong);
	if (!wrong)
		return (size_t)width;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static bool asks_for(const struct options *o, const struct column *column)
{
	for (size_t i = 0; i < o->columns.count; i++) {
		if (o->columns.list[i] == column)
			return true;
	}
	return o->sort == column;
}

void choose_width(const struct options *o, const char *const *expendable,
		  const struct column *list[COLUMNS_MAX], struct render_options *r)
{
	/* Names kept by the kernel and control groups of containers are not longer. */
	enum { TEXT_MAX = 100 };

	if (o->wide)
		return;
	r->width = terminal_width(STDOUT_FILENO);
	r->text_max = r->width ? 0 : TEXT_MAX;
	r->expendable = list;
	for (; *expendable; expendable++) {
		const struct column *column = column_find(slice_of(*expendable));

		if (!asks_for(o, column))
			list[r->expendable_count++] = column;
	}
}

bool wants_exclusive(const struct options *o)
{
	return asks_for(o, column_find(SLICE("exclusive"))) ||
	       asks_for(o, column_find(SLICE("exclusive_max")));
}

bool wants_heaps(const struct options *o)
{
	return asks_for(o, column_find(SLICE("heap_used"))) ||
	       asks_for(o, column_find(SLICE("heap_free")));
}

bool wants_usages(const struct options *o)
{
	return asks_for(o, column_find(SLICE("limit"))) ||
	       asks_for(o, column_find(SLICE("current"))) ||
	       asks_for(o, column_find(SLICE("peak")));
}

bool wants_shares(const struct options *o)
{
	static const char *const names[] = {"pss", "uss", "anonymous", "pss_percent"};

	if (o->renderer->adds_columns || !o->columns.replaces || wants_exclusive(o))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (asks_for(o, column_find(slice_of(names[i]))))
			return true;
	}
	return false;
}
