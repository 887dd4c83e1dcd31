#include "tui/ask.h"

#include "base/escape.h"
#include "render/layout.h"
#include "tui/keys.h"
#include "tui/screen.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <ncurses.h>

enum { ESCAPE = 27, CANCEL = 7, RUBOUT = 127, BELL = 8, ERASE_LINE = 21, LINE_FEED = 10 };

/* Removes the last character, which may have several bytes. */
static void erase_last(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
		len--;
	text[len > 0 ? len - 1 : 0] = '\0';
}

/* If the line does not fit, shows its end, where the user types. */
static void show_line(const char *question, const char *text)
{
	char *shown = escape_string(slice_of(text)), *line;
	size_t width = screen_width() > 1 ? (size_t)screen_width() - 1 : 1;

	if (shown && asprintf(&line, "%s: %s", question, shown) >= 0) {
		const char *end = line;

		while (text_width(end) > width) {
			do
				end++;
			while (((unsigned char)*end & 0xc0) == 0x80);
		}
		screen_line(screen_height() - 1, end, STYLE_BOLD);
		screen_show(screen_height() - 1, (int)text_width(end));
		free(line);
	}
	free(shown);
}

/* Checks an answer. If it is rejected, shows the reason above the question. */
static bool check(const struct question *question, char *text)
{
	char why[ASK_WHY_MAX] = "";

	if (!question->check || question->check(question->ctx, text, why))
		return true;
	screen_line(screen_height() - 2, why, STYLE_BOLD);
	text[0] = '\0';
	return false;
}

bool ask_text(const struct question *question, char *text, size_t size)
{
	for (;;) {
		size_t len = strlen(text);
		int key;

		show_line(question->text, text);
		key = screen_wait(-1);
		if (key == SCREEN_GONE || key == ESCAPE || key == CANCEL)
			return false;
		if (action_of(key) == ACTION_ENTER) {
			if (check(question, text))
				return true;
		} else if (key == KEY_BACKSPACE || key == RUBOUT || key == BELL) {
			erase_last(text);
		} else if (key == ERASE_LINE) {
			text[0] = '\0';
		} else if (key >= ' ' && key <= UCHAR_MAX && len + 1 < size) {
			text[len] = (char)key;
			text[len + 1] = '\0';
		}
	}
}

static int first_choice(int at)
{
	int rows = screen_height() - 2;

	return at >= rows ? at - rows + 1 : 0;
}

static void show_choices(const char *question, const char *const *choices, int count, int at)
{
	int rows = screen_height() - 2, first = first_choice(at);
	char line[128];

	screen_clear();
	screen_line(0, question, STYLE_HEADER);
	for (int i = first; i < count && i - first < rows; i++) {
		snprintf(line, sizeof(line), "  %s", choices[i]);
		screen_line(i - first + 1, line, i == at ? STYLE_CURSOR : STYLE_PLAIN);
	}
	screen_line(screen_height() - 1, "Enter: choose, Esc: cancel", STYLE_DIM);
	screen_show(-1, 0);
}

/* The wheel moves; a click chooses, and returns true. */
static bool take_mouse(int count, int *at)
{
	const struct mouse mouse = screen_mouse();
	int clicked = first_choice(*at) + mouse.y - 1;

	if (mouse.what == MOUSE_WHEEL_UP)
		*at -= *at > 0;
	else if (mouse.what == MOUSE_WHEEL_DOWN)
		*at += *at + 1 < count;
	else if (mouse.what == MOUSE_CLICK && mouse.y > 0 && mouse.y < screen_height() - 1 &&
		 clicked < count)
		*at = clicked;
	else
		return false;
	return mouse.what == MOUSE_CLICK;
}

int ask_choice(const char *question, const char *const *choices, int count, int current)
{
	int at = current >= 0 && current < count ? current : 0;

	for (;;) {
		int key;

		show_choices(question, choices, count, at);
		key = screen_wait(-1);
		if (key == SCREEN_GONE)
			return -1;
		switch (action_of(key)) {
		case ACTION_UP:
			at -= at > 0;
			break;
		case ACTION_DOWN:
			at += at + 1 < count;
			break;
		case ACTION_FIRST:
			at = 0;
			break;
		case ACTION_LAST:
			at = count - 1;
			break;
		case ACTION_MOUSE:
			if (take_mouse(count, &at))
				return at;
			break;
		case ACTION_ENTER:
			return at;
		case ACTION_BACK:
		case ACTION_QUIT:
			return -1;
		default:
			break;
		}
	}
}

/* The keys that can be used, in their order. */
struct key_list {
	const struct binding *list[64];
	unsigned count;
	bool recording;
};

/* Shows keys starting at `first`, in two columns if there is room; returns how many. */
static unsigned show_keys(const struct key_list *keys, unsigned first)
{
	enum { KEYS = 10, HALF = 42, TWO = 2 * HALF - 8 };
	unsigned rows = screen_height() > 6 ? (unsigned)screen_height() - 6 : 1;
	unsigned count = keys->count;
	bool two = screen_width() >= TWO;
	char line[256];

	if (two && rows > (count + 1) / 2)
		rows = (count + 1) / 2;
	for (unsigned i = first; i < count && i < first + rows; i++) {
		const struct binding *left = keys->list[i], *right;
		int used = snprintf(line, sizeof(line), "%-*s%s", KEYS, left->shown, left->help);

		if (two && i + rows < count) {
			right = keys->list[i + rows];
			snprintf(line + used, sizeof(line) - (size_t)used, "%*s%-*s%s",
				 used < HALF ? HALF - used : 1, "", KEYS, right->shown,
				 right->help);
		}
		screen_line((int)(i - first) + 1, line, STYLE_PLAIN);
	}
	return two ? 2 * rows : rows;
}

/* Shows as much of the help as fits, starting at a key. */
static unsigned show_help(const struct key_list *keys, unsigned first)
{
	unsigned shown;

	screen_clear();
	screen_line(0, "anonmem top: the keys", STYLE_HEADER);
	shown = show_keys(keys, first);
	if (screen_height() > 6) {
		screen_line(screen_height() - 4,
			    keys->recording ? "S: + new, - gone, * replaced, = unchanged since the "
					      "previous sample"
					    : "S: + new, - gone, * replaced, = not read again",
			    STYLE_PLAIN);
		screen_line(
			screen_height() - 3,
			keys->recording
				? "CHANGE of PSS since the previous sample, GROWTH since the time "
				  "marked by z"
				: "CHANGE of PSS since the last refresh, GROWTH since the start",
			STYLE_PLAIN);
	}
	screen_line(screen_height() - 1,
		    first + shown < keys->count ? "press any key to continue"
						: "press any key to return",
		    STYLE_DIM);
	screen_show(-1, 0);
	return shown;
}

void ask_help(bool recording)
{
	struct key_list keys = {.recording = recording};
	unsigned first = 0;

	for (unsigned i = 0; i < binding_count; i++) {
		if (binding_is_for(&bindings[i], recording))
			keys.list[keys.count++] = &bindings[i];
	}
	while (first < keys.count) {
		unsigned shown = show_help(&keys, first);
		int key = screen_wait(-1);

		if (key == SCREEN_GONE)
			break;
		if (key == KEY_RESIZE)
			first = 0; /* there may be more room now */
		else if (key != SCREEN_TIMEOUT)
			first += shown;
	}
}
