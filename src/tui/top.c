#include "tui/top.h"

#include "base/escape.h"
#include "base/textstream.h"
#include "collect/pool.h"
#include "tui/ask.h"
#include "tui/draw.h"
#include "tui/keys.h"
#include "tui/level.h"
#include "tui/save.h"
#include "tui/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

enum {
	LEVELS_MAX = 4, /* subsystems, labels, processes, mappings */
	TEXT_MAX = 256,
};

/* The watch on the screen. */
struct session {
	struct top *top;
	struct driver *driver;
	struct watch *mappings; /* of one process; NULL unless the last level shows them */
	pid_t pid;		/* that process */
	struct level *levels[LEVELS_MAX];
	size_t level_count;

	char search[TEXT_MAX], user[TEXT_MAX];
	char message[TEXT_MAX]; /* until the next key */
	bool paused, quit;
};

static struct level *last_level(const struct session *s)
{
	return s->levels[s->level_count - 1];
}

static struct level *push_level(struct session *s, struct watch *w, const struct grouping *by)
{
	struct level *l = calloc(1, sizeof(*l));
	struct report_options options = s->top->report;

	if (!l)
		return NULL;
	if (s->level_count) {
		options.sort = last_level(s)->options.sort;
		options.falling = last_level(s)->options.falling;
	}
	level_init(l, w, by, &options);
	s->levels[s->level_count++] = l;
	return l;
}

static void pop_level(struct session *s)
{
	struct level *l = s->levels[--s->level_count];

	if (l->watch == s->mappings) {
		watch_free(s->mappings);
		s->mappings = NULL;
	}
	level_free(l);
	free(l);
}

/* The mappings of one process, which may have ended. */
static int refresh_mappings(struct session *s, struct error *e)
{
	return driver_read(s->driver, s->mappings, &s->pid, 1, e);
}

static int update_levels(struct session *s, struct error *e)
{
	for (size_t i = 0; i < s->level_count; i++) {
		if (level_update(s->levels[i], e) < 0)
			return -1;
	}
	return 0;
}

static int refresh(struct session *s, struct error *e)
{
	int status = driver_refresh(s->driver, e);

	if (status < 0)
		return -1;
	if (status == 0) {
		snprintf(s->message, sizeof(s->message), "no more captured trees");
		return 0;
	}
	if ((s->mappings && refresh_mappings(s, e) < 0) || update_levels(s, e) < 0)
		return -1;
	s->quit |= driver_is_done(s->driver);
	return 0;
}

static int show(struct session *s, struct error *e)
{
	const struct picture picture = {
		.watch = s->driver->watch,
		.head = {.width = (size_t)screen_width(),
			 .delay = (double)s->driver->options.delay_ns / 1e9,
			 .paused = s->paused,
			 .live = !s->driver->options.root,
			 .percent = s->driver->percent,
			 .units = s->top->rendering.units},
		.rendering = s->top->rendering,
		.levels = s->levels,
		.level_count = s->level_count,
		.message = s->message[0] ? s->message : NULL,
	};

	return draw(&picture, e);
}

/* A watch of its own for the mappings of the process at the cursor. */
static int watch_mappings(struct session *s, const struct grouping *by, struct error *e)
{
	struct watch_options options = s->driver->options.watching;
	const struct grouping *watched = &s->driver->watch->options.collecting.by;

	s->pid = level_pid(last_level(s));
	options.collecting.by = watch_grouping(by);
	for (unsigned k = 0; k < watched->count; k++) {
		enum key key = watched->keys[k];

		if (!grouping_has(&options.collecting.by, key))
			options.collecting.by.keys[options.collecting.by.count++] = key;
	}
	s->mappings = watch_new(&options);
	return s->mappings ? refresh_mappings(s, e) : error_memory(e);
}

static int go_down(struct session *s, struct error *e)
{
	struct level *from = last_level(s), *below;
	struct grouping by;
	struct watch *w = s->driver->watch;

	if (s->level_count == LEVELS_MAX || from->shown_count == 0 || !level_below(from, &by))
		return 0;
	if (by.keys[0] == KEY_MAPPING) {
		if (watch_mappings(s, &by, e) < 0)
			return -1;
		w = s->mappings;
	}
	below = push_level(s, w, &by);
	if (!below || !level_fix(from, below))
		return error_memory(e);
	return level_update(below, e);
}

/* The top level anew, with another key or user. */
static int begin(struct session *s, const struct grouping *by, struct error *e)
{
	struct level *l;

	while (s->level_count)
		pop_level(s);
	l = push_level(s, s->driver->watch, by);
	if (!l)
		return error_memory(e);
	if (s->user[0]) {
		struct intern one;
		bool fixed;

		intern_init(&one);
		fixed = view_fix(&l->view, KEY_USER, &one, intern(&one, slice_of(s->user)));
		intern_free(&one);
		if (!fixed || asprintf(&l->title, "user %s", s->user) < 0) {
			l->title = NULL;
			return error_memory(e);
		}
	}
	return level_update(l, e);
}

static int choose_group(struct session *s, struct error *e)
{
	/* Mappings come last, but for segments, which need a selection of their own. */
	int count = s->driver->options.pid_count ? KEY_SEGMENT : KEY_MAPPING;
	int key = ask_choice("Group by", key_names, count, (int)last_level(s)->view.by.keys[0]);
	struct grouping by = {.keys = {(enum key)(key < 0 ? 0 : key)}, .count = 1};

	if (key < 0)
		return 0;
	if (grouping_has(&s->driver->watch->options.collecting.by, by.keys[0]))
		return begin(s, &by, e);
	/* What was not watched so far is watched from now on. */
	while (s->level_count)
		pop_level(s);
	if (driver_watch_by(s->driver, &by, e) < 0)
		return -1;
	return begin(s, &by, e);
}

static int choose_sort(struct session *s, struct error *e)
{
	struct level *l = last_level(s);
	const char *names[2 * COLUMNS_MAX];
	const struct column *found[2 * COLUMNS_MAX];
	int count = 0, current = 0, chosen;

	for (size_t i = 0; i < l->report.column_count; i++) {
		const struct column *c = l->report.columns[i];

		if (c->type == CELL_GRAPH)
			continue;
		if (l->options.sort ? c == l->options.sort : strcmp(c->name, "pss") == 0)
			current = count;
		found[count] = c;
		names[count++] = c->name;
	}
	chosen = ask_choice("Sort by", names, count, current);
	if (chosen < 0)
		return 0;
	l->options.sort = found[chosen];
	l->options.falling = found[chosen]->role != COLUMN_KEY;
	return level_list(l, e);
}

/* So that the order of the beginning can be turned round. */
static void name_sort(struct level *l)
{
	if (!l->options.sort) {
		l->options.sort = column_find(SLICE("pss"));
		l->options.falling = true;
	}
}

static int sort_by_click(struct session *s, struct error *e)
{
	struct level *l = last_level(s);
	const struct column *c;
	int y, x;

	if (!screen_click(&y, &x))
		return 0;
	c = draw_column_at(l, y, x);
	if (!c || c->type == CELL_GRAPH)
		return 0;
	name_sort(l);
	l->options.falling = c == l->options.sort ? !l->options.falling : c->role != COLUMN_KEY;
	l->options.sort = c;
	return level_list(l, e);
}

static int reverse(struct session *s, struct error *e)
{
	struct level *l = last_level(s);

	name_sort(l);
	l->options.falling = !l->options.falling;
	return level_list(l, e);
}

static void search_from(struct session *s, size_t from)
{
	struct level *l = last_level(s);
	size_t found = s->search[0] ? level_search(l, s->search, from) : l->shown_count;

	if (found < l->shown_count)
		level_move(l, found);
	else if (s->search[0])
		snprintf(s->message, sizeof(s->message), "no row matches");
}

static int filter(struct session *s, struct error *e)
{
	struct level *l = last_level(s);
	char text[TEXT_MAX] = "";

	if (l->filter)
		snprintf(text, sizeof(text), "%s", l->filter);
	if (!ask_text("Only rows with (empty for all)", text, sizeof(text)))
		return 0;
	free(l->filter);
	l->filter = text[0] ? strdup(text) : NULL;
	return level_list(l, e);
}

static int choose_user(struct session *s, struct error *e)
{
	struct grouping by = s->levels[0]->view.by;
	char text[TEXT_MAX];

	memcpy(text, s->user, sizeof(text));
	if (!ask_text("Only processes of the user (empty for all)", text, sizeof(text)))
		return 0;
	memcpy(s->user, text, sizeof(text));
	return begin(s, &by, e);
}

static void choose_delay(struct session *s)
{
	char text[TEXT_MAX] = "", *end;
	double number;

	if (!ask_text("Seconds between refreshes, from 0.1 on", text, sizeof(text)) || !text[0])
		return;
	number = strtod(text, &end);
	if (*end != '\0' || !(number >= 0.1 && number <= 86400)) {
		snprintf(s->message, sizeof(s->message),
			 "invalid delay: expected 0.1 to 86400 seconds");
		return;
	}
	driver_set_delay(s->driver, (uint64_t)(number * 1e9));
}

/* The view with all that JSON has, to a file that is not there yet. */
static int write_json(struct session *s, FILE *out, struct error *e)
{
	const char *path = driver_path(s->driver);
	struct render_options rendering = s->top->rendering;
	struct report_options options = last_level(s)->options;
	struct report report;
	int status;

	rendering.paths = &path;
	rendering.one_line = false;
	options.full_keys = true;
	options.column_count = 0;
	for (size_t i = 0; i < column_count; i++) {
		if (render_json.shows(&columns[i], true))
			options.columns[options.column_count++] = &columns[i];
	}
	status = report_build(&last_level(s)->view.snapshot, &options, &report, e);
	if (status == 0)
		status = render_json.render(&report, &rendering, out, e);
	report_free(&report);
	return status;
}

/* All of it, before there is a file. */
static int write_text(struct session *s, char **text, size_t *size, struct error *e)
{
	FILE *out = textstream_open(text, size);
	int status = out ? write_json(s, out, e) : error_memory(e);

	if (out && !textstream_close(out, text) && status == 0)
		status = error_memory(e);
	return status;
}

/* What became of a file, whose name may hold anything that can be typed. `error` is errno, or 0. */
static int tell(struct session *s, const char *what, const char *name, int error, struct error *e)
{
	char *shown = escape_string(slice_of(name));

	if (!shown)
		return error_memory(e);
	snprintf(s->message, sizeof(s->message), "%s %s%s%s", what, shown, error ? ": " : "",
		 error ? strerror(error) : "");
	free(shown);
	return 0;
}

static int write_file(struct session *s, struct error *e)
{
	char name[TEXT_MAX] = "anonmem-top.json", *text = NULL;
	size_t size = 0;
	int fd, status;

	if (!ask_text("Write this view as JSON to the new file", name, sizeof(name)) || !name[0])
		return 0;
	status = write_text(s, &text, &size, e);
	if (status == 0) {
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC, 0666);
		if (fd < 0)
			status = tell(s, "cannot create", name, errno, e);
		else if (save_whole(fd, (struct slice){text, size}) < 0)
			status = tell(s, "cannot write", name, errno, e);
		else
			status = tell(s, "saved", name, 0, e);
	}
	free(text);
	return status;
}

static int start_anew(struct session *s, struct error *e)
{
	if (!watch_zero(s->driver->watch) || (s->mappings && !watch_zero(s->mappings)))
		return error_memory(e);
	snprintf(s->message, sizeof(s->message), "GROWTH counts from now on");
	return update_levels(s, e);
}

static void forget_widths(struct session *s)
{
	for (size_t i = 0; i < s->level_count; i++)
		memset(s->levels[i]->least, 0, sizeof(s->levels[i]->least));
}

static void move_cursor(struct session *s, enum action action)
{
	struct level *l = last_level(s);
	size_t page = draw_rows(), at = l->cursor;

	switch (action) {
	case ACTION_UP:
		level_move(l, at > 0 ? at - 1 : 0);
		break;
	case ACTION_DOWN:
		level_move(l, at + 1);
		break;
	case ACTION_PAGE_UP:
		level_move(l, at > page ? at - page : 0);
		break;
	case ACTION_PAGE_DOWN:
		level_move(l, at + page);
		break;
	case ACTION_FIRST:
		level_move(l, 0);
		break;
	default:
		level_move(l, l->shown_count);
		break;
	}
}

/* What changes the view or asks for something. */
static int change(struct session *s, enum action action, struct error *e)
{
	switch (action) {
	case ACTION_ENTER:
		return go_down(s, e);
	case ACTION_SORT:
		return choose_sort(s, e);
	case ACTION_REVERSE:
		return reverse(s, e);
	case ACTION_MOUSE:
		return sort_by_click(s, e);
	case ACTION_FILTER:
		return filter(s, e);
	case ACTION_GROUP:
		return choose_group(s, e);
	case ACTION_USER:
		return choose_user(s, e);
	case ACTION_ZERO:
		return start_anew(s, e);
	case ACTION_WRITE:
		return write_file(s, e);
	case ACTION_REFRESH:
		return refresh(s, e);
	default:
		move_cursor(s, action);
		return 0;
	}
}

static int act(struct session *s, enum action action, struct error *e)
{
	s->message[0] = '\0';
	switch (action) {
	case ACTION_NONE:
		return 0;
	case ACTION_QUIT:
		s->quit = true;
		return 0;
	case ACTION_BACK:
		if (s->level_count > 1)
			pop_level(s);
		return 0;
	case ACTION_PAUSE:
		s->paused = !s->paused;
		driver_hurry(s->driver);
		return 0;
	case ACTION_DELAY:
		choose_delay(s);
		return 0;
	case ACTION_SEARCH:
		if (ask_text("Search for", s->search, sizeof(s->search)))
			search_from(s, last_level(s)->cursor);
		return 0;
	case ACTION_NEXT:
		search_from(s, last_level(s)->cursor + 1);
		return 0;
	case ACTION_HELP:
		ask_help();
		return 0;
	case ACTION_RESIZE:
		forget_widths(s);
		return 0;
	default:
		return change(s, action, e);
	}
}

static void stop(struct session *s)
{
	if (pool_has_abandoned_any()) {
		snprintf(s->message, sizeof(s->message),
			 "cannot suspend: still blocked reading a stuck process");
		return;
	}
	screen_leave();
	forget_widths(s);
}

/* Draws, waits for a key or the time, and does what is due. */
static int step(struct session *s, struct error *e)
{
	uint64_t left = driver_time_left(s->driver) / 1000000;
	int key;

	if (show(s, e) < 0)
		return -1;
	key = screen_wait(s->paused ? -1 : left > 0 ? (int64_t)left + 1 : 0);
	if (key == SCREEN_GONE) {
		s->quit = true;
		return 0;
	}
	if (key == SCREEN_STOP) {
		stop(s);
		return 0;
	}
	if (key != SCREEN_TIMEOUT)
		return act(s, action_of(key), e);
	if (!s->paused && driver_time_left(s->driver) == 0)
		return refresh(s, e);
	return 0;
}

static int run(struct session *s, struct error *e)
{
	if (refresh(s, e) < 0)
		return -1;
	if (begin(s, &s->top->by, e) < 0)
		return -1;
	while (!s->quit) {
		if (step(s, e) < 0)
			return -1;
	}
	return 0;
}

int top_run(struct top *top, top_ready_fn *ready, const void *ctx, struct error *e)
{
	struct session s = {.top = top, .driver = &top->driver};
	int status = screen_start(top->rendering.color, e), number;

	if (status == 0)
		status = ready(ctx, e);
	if (status == 0)
		status = run(&s, e);
	number = screen_signal();
	screen_stop();
	while (s.level_count)
		pop_level(&s);
	watch_free(s.mappings);
	if (number)
		raise(number); /* it does now what it would have done */
	return status;
}
