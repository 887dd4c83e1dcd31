#include "tui/top.h"

#include "base/escape.h"
#include "base/textstream.h"
#include "collect/pool.h"
#include "tui/ask.h"
#include "tui/descent.h"
#include "tui/draw.h"
#include "tui/keys.h"
#include "tui/level.h"
#include "tui/save.h"
#include "tui/screen.h"
#include "tui/travel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

enum {
	TEXT_MAX = TRAVEL_MESSAGE_MAX,
	USER_ROOM = 4096,
	WHEEL = 3, /* rows per step of the mouse wheel */
};

/* The watch on the screen. */
struct session {
	struct top *top;
	struct driver *driver;
	struct descent descent;
	uint64_t watch_number; /* of the watch that the descent shows */
	char search[TEXT_MAX], user[TEXT_MAX];
	char message[TEXT_MAX]; /* until the next key */
	bool paused, quit;
};

static bool is_recorded(const struct session *s)
{
	return s->driver->options.player != NULL;
}

static struct level *last_level(const struct session *s)
{
	return descent_last(&s->descent);
}

static int show(struct session *s, struct error *e)
{
	const struct watch *w = s->driver->watch;
	struct picture picture = {
		.watch = w,
		.head = {.width = (size_t)screen_width(),
			 .delay = (double)s->driver->options.delay_ns / 1e9,
			 .paused = s->paused,
			 .live = !s->driver->options.root,
			 .recorded = is_recorded(s) ? &s->driver->recorded : NULL,
			 .percent = s->driver->percent,
			 .units = s->top->rendering.units,
			 .naming = &w->naming},
		.rendering = s->top->rendering,
		.levels = s->descent.levels,
		.level_count = s->descent.count,
		.selected = s->user[0] || driver_selects(s->driver),
		.message = s->message[0] ? s->message : NULL,
	};
	struct naming of_user;

	picture.head.selected = picture.selected;
	if (s->user[0]) {
		watch_naming(w, KEY_USER, slice_of(s->user), &of_user);
		picture.head.naming = &of_user;
	}
	return draw(&picture, e);
}

/* Limits a level to the chosen user. */
static bool fix_user(const struct session *s, struct level *l)
{
	char *shown = escape_string(slice_of(s->user));
	struct intern one;
	bool fixed;

	intern_init(&one);
	fixed = shown && view_fix(&l->view, KEY_USER, &one, intern(&one, slice_of(s->user)));
	intern_free(&one);
	if (fixed && asprintf(&l->title, "user %s", shown) < 0) {
		l->title = NULL;
		fixed = false;
	}
	free(shown);
	return fixed;
}

/* Begins again at the top level, with another key or user. */
static int begin(struct session *s, const struct grouping *by, const struct report_options *options,
		 struct error *e)
{
	struct level *l = descent_begin(&s->descent, by, options);

	if (!l || (s->user[0] && !fix_user(s, l)))
		return error_memory(e);
	return level_update(l, e);
}

/* Begins again with a watch of other keys. */
static int begin_recorded(struct session *s, struct error *e)
{
	const struct grouping by = recorded_grouping(s->driver->watch, &s->top->by);

	if (s->watch_number > 0)
		snprintf(s->message, sizeof(s->message),
			 "from here on, the recording has other keys");
	s->watch_number = s->driver->watch_number;
	s->user[0] = '\0';
	return begin(s, &by, &s->top->report, e);
}

/* To be called after another refresh or sample. */
static int update(struct session *s, struct error *e)
{
	if (s->watch_number != s->driver->watch_number)
		return begin_recorded(s, e);
	return descent_refresh(&s->descent, e);
}

static int refresh(struct session *s, struct error *e)
{
	int status = driver_refresh(s->driver, e);

	/* The next run lacks a requested key. */
	if (status < 0 && is_recorded(s) && s->driver->watch && e->code == ERROR_USAGE) {
		strlcpy(s->message, e->text, sizeof(s->message));
		e->code = ERROR_NONE;
		s->paused = true;
		return 0;
	}
	if (status < 0)
		return -1;
	if (status == 0) {
		snprintf(s->message, sizeof(s->message), "%s",
			 is_recorded(s) ? "this is the last sample" : "no more captured trees");
		return 0;
	}
	if (update(s, e) < 0)
		return -1;
	s->quit |= driver_is_done(s->driver);
	return 0;
}

static int travel(struct session *s, enum action action, struct error *e)
{
	int status = travel_run(s->driver, action, last_level(s), s->top->rendering.units,
				s->message, e);

	return status > 0 ? update(s, e) : status;
}

/* The keys that the user can choose from. */
static int list_keys(const struct session *s, enum key list[KEY_COUNT])
{
	const struct selection *chosen = &s->driver->options.watching.collecting.selection;
	bool some = s->driver->options.pid_count > 0 || selection_chooses_processes(chosen) ||
		    selection_chooses_memory(chosen);
	/* Mappings come last, except for segments, which need a selection of their own. */
	int last = some ? KEY_SEGMENT : KEY_MAPPING, count = 0;

	for (int key = 0; key < last; key++) {
		if (!is_recorded(s) ||
		    grouping_has(&s->driver->watch->options.collecting.by, (enum key)key))
			list[count++] = (enum key)key;
	}
	return count;
}

static int choose_group(struct session *s, struct error *e)
{
	enum key list[KEY_COUNT], now = last_level(s)->view.by.keys[0];
	int count = list_keys(s, list), current = 0, chosen;
	const char *names[KEY_COUNT];
	struct grouping by = {.count = 1};

	for (int i = 0; i < count; i++) {
		names[i] = key_names[list[i]];
		current = list[i] == now ? i : current;
	}
	chosen = ask_choice("Group by", names, count, current);
	if (chosen < 0)
		return 0;
	by.keys[0] = list[chosen];
	if (grouping_has(&s->driver->watch->options.collecting.by, by.keys[0]))
		return begin(s, &by, &s->top->report, e);
	/* Starts watching by this key. */
	descent_free(&s->descent);
	if (driver_watch_by(s->driver, &by, e) < 0)
		return -1;
	return begin(s, &by, &s->top->report, e);
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
	l->options.falling = column_falls(found[chosen]);
	return level_list(l, e);
}

/* Makes the default order explicit, so that it can be reversed. */
static void name_sort(struct level *l)
{
	if (!l->options.sort) {
		l->options.sort = column_find(SLICE("pss"));
		l->options.falling = true;
	}
}

static int sort_by(struct session *s, const struct column *c, struct error *e)
{
	struct level *l = last_level(s);

	if (!c || c->type == CELL_GRAPH)
		return 0;
	name_sort(l);
	l->options.falling = c == l->options.sort ? !l->options.falling : column_falls(c);
	l->options.sort = c;
	return level_list(l, e);
}

static int take_mouse(struct session *s, struct error *e)
{
	const struct mouse mouse = screen_mouse();
	struct level *l = last_level(s);
	size_t row = draw_row_at(l, mouse.y);

	switch (mouse.what) {
	case MOUSE_WHEEL_UP:
		level_move(l, l->cursor > WHEEL ? l->cursor - WHEEL : 0);
		break;
	case MOUSE_WHEEL_DOWN:
		level_move(l, l->cursor + WHEEL);
		break;
	case MOUSE_CLICK:
		if (row == l->shown_count)
			return sort_by(s, draw_column_at(l, mouse.y, mouse.x), e);
		level_move(l, row);
		break;
	case MOUSE_NOTHING:
		break;
	}
	return 0;
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

static void search(struct session *s)
{
	const struct question question = {.text = "Search for (empty: nothing)"};
	char text[TEXT_MAX] = "";

	if (!ask_text(&question, text, sizeof(text)))
		return;
	memcpy(s->search, text, sizeof(text));
	search_from(s, last_level(s)->cursor);
}

/* Accepts a text that no row has now, since such a row may appear. */
static int filter(struct session *s, struct error *e)
{
	const struct question question = {.text = "Only rows with (empty: all)"};
	struct level *l = last_level(s);
	char text[TEXT_MAX] = "";

	if (!ask_text(&question, text, sizeof(text)))
		return 0;
	free(l->filter);
	l->filter = text[0] ? strdup(text) : NULL;
	if (text[0] && !l->filter)
		return error_memory(e);
	if (level_list(l, e) < 0)
		return -1;
	if (l->filter && l->shown_count == 0)
		snprintf(s->message, sizeof(s->message),
			 "no row matches now; f and Enter show all");
	return 0;
}

/* Finds the name that rows use for a user typed as name or number; NULL if there is none. */
static const char *find_user(const struct session *s, const char *typed, char *buffer, size_t size)
{
	const struct users *users = s->driver->options.watching.collecting.users;
	struct naming ignored;
	const char *name, *wrong;
	uint32_t uid;

	if (watch_naming(s->driver->watch, KEY_USER, slice_of(typed), &ignored) > 0)
		return typed;
	if (!users)
		return NULL;
	uid = (uint32_t)strtonum(typed, 0, UINT32_MAX, &wrong);
	name = wrong ? NULL : users_find(users, uid, buffer, size);
	return name ? name : users_know(users, typed) ? typed : NULL;
}

static bool check_user(const void *ctx, const char *text, char why[ASK_WHY_MAX])
{
	char buffer[USER_ROOM], *shown;

	if (!text[0] || find_user(ctx, text, buffer, sizeof(buffer)))
		return true;
	shown = escape_string(slice_of(text));
	snprintf(why, ASK_WHY_MAX, "unknown user \"%.64s\"", shown ? shown : "");
	free(shown);
	return false;
}

/* Begins again at the top level for another user, keeping its order and filter. */
static int choose_user(struct session *s, struct error *e)
{
	const struct question question = {
		.text = "Only processes of user (empty: all)", .check = check_user, .ctx = s};
	struct level *first = s->descent.levels[0];
	struct grouping by = first->view.by;
	struct report_options options = first->options;
	char text[TEXT_MAX] = "", buffer[USER_ROOM], *kept = first->filter;
	const char *name;

	if (is_recorded(s) && !grouping_has(&s->driver->watch->options.collecting.by, KEY_USER)) {
		snprintf(s->message, sizeof(s->message),
			 "the recording lacks users; see --by of anonmem record");
		return 0;
	}
	if (!ask_text(&question, text, sizeof(text)))
		return 0;
	name = text[0] ? find_user(s, text, buffer, sizeof(buffer)) : "";
	snprintf(s->user, sizeof(s->user), "%s", name ? name : "");
	first->filter = NULL;
	if (begin(s, &by, &options, e) < 0) {
		free(kept);
		return -1;
	}
	last_level(s)->filter = kept;
	return level_list(last_level(s), e);
}

static bool check_delay(const void *ctx, const char *text, char why[ASK_WHY_MAX])
{
	uint64_t ns;

	(void)ctx;
	if (!text[0] || driver_parse_delay(text, &ns))
		return true;
	snprintf(why, ASK_WHY_MAX, "invalid delay: expected " DELAY_RANGE);
	return false;
}

static void choose_delay(struct session *s)
{
	const struct question question = {.text = "Seconds between refreshes (empty: unchanged)",
					  .check = check_delay};
	char text[TEXT_MAX] = "";
	uint64_t ns;

	if (ask_text(&question, text, sizeof(text)) && driver_parse_delay(text, &ns))
		driver_set_delay(s->driver, ns);
}

/* Writes the view with all JSON columns. */
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
	options.hide_zeros = false;
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

/* Formats everything before creating the file. */
static int write_text(struct session *s, char **text, size_t *size, struct error *e)
{
	FILE *out = textstream_open(text, size);
	int status = out ? write_json(s, out, e) : error_memory(e);

	if (out && !textstream_close(out, text) && status == 0)
		status = error_memory(e);
	return status;
}

/* Reports the result for a file, whose name may have any typed characters. `error` is errno, or
 * 0. */
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
	const struct question question = {.text = "Write this view as JSON to the new file"};
	char name[TEXT_MAX] = "anonmem-top.json", *text = NULL;
	size_t size = 0;
	int fd, status;

	if (!ask_text(&question, name, sizeof(name)) || !name[0])
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
	if (is_recorded(s) ? !recorded_mark(&s->driver->recorded, s->driver->watch)
			   : !descent_zero(&s->descent))
		return error_memory(e);
	snprintf(s->message, sizeof(s->message), "GROWTH counts from now on");
	return descent_update(&s->descent, e);
}

static void forget_widths(struct session *s)
{
	for (size_t i = 0; i < s->descent.count; i++) {
		struct level *l = s->descent.levels[i];

		memset(l->least, 0, sizeof(l->least));
	}
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

/* Actions that change the view or ask something. */
static int change(struct session *s, enum action action, struct error *e)
{
	switch (action) {
	case ACTION_ENTER:
		return descent_down(&s->descent, e);
	case ACTION_SORT:
		return choose_sort(s, e);
	case ACTION_REVERSE:
		return reverse(s, e);
	case ACTION_MOUSE:
		return take_mouse(s, e);
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
		if (travel_has(action))
			return travel(s, action, e);
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
		descent_up(&s->descent);
		return 0;
	case ACTION_PAUSE:
		s->paused = !s->paused;
		driver_hurry(s->driver);
		return 0;
	case ACTION_DELAY:
		choose_delay(s);
		return 0;
	case ACTION_SEARCH:
		search(s);
		return 0;
	case ACTION_NEXT:
		search_from(s, last_level(s)->cursor + 1);
		return 0;
	case ACTION_HELP:
		ask_help(is_recorded(s));
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

/* Draws, waits for a key or the next refresh, and handles it. */
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
	s->paused = is_recorded(s);
	if (refresh(s, e) < 0)
		return -1;
	if (!is_recorded(s) && begin(s, &s->top->by, &s->top->report, e) < 0)
		return -1;
	while (!s->quit) {
		if (step(s, e) < 0)
			return -1;
	}
	return 0;
}

int top_run(struct top *top, top_ready_fn *ready, const void *ctx, struct error *e)
{
	struct session s = {
		.top = top, .driver = &top->driver, .descent = {.driver = &top->driver}};
	int status = screen_start(top->rendering.color, e), number;

	if (status == 0)
		status = ready(ctx, e);
	if (status == 0)
		status = run(&s, e);
	number = screen_signal();
	screen_stop();
	descent_free(&s.descent);
	if (number)
		raise(number); /* takes the default action now */
	return status;
}
