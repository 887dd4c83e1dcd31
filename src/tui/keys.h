/* keys: the key bindings, from which the help on the screen is made too. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdbool.h>

enum action {
	ACTION_NONE,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_ENTER,
	ACTION_BACK,
	ACTION_SORT,
	ACTION_REVERSE,
	ACTION_SEARCH,
	ACTION_NEXT,
	ACTION_FILTER,
	ACTION_GROUP,
	ACTION_USER,
	ACTION_PAUSE,
	ACTION_REFRESH,
	ACTION_DELAY,
	ACTION_ZERO,
	ACTION_WRITE,
	/* For a recording: */
	ACTION_SAMPLE_BACK,
	ACTION_SAMPLE_FORTH,
	ACTION_MINUTE_BACK,
	ACTION_MINUTE_FORTH,
	ACTION_HOUR_BACK,
	ACTION_HOUR_FORTH,
	ACTION_MARK_BACK,
	ACTION_MARK_FORTH,
	ACTION_GO_TO,
	ACTION_LARGEST,
	ACTION_CHART,
	ACTION_HELP,
	ACTION_QUIT,
	ACTION_MOUSE,
	ACTION_RESIZE,
};

enum { KEYS_MAX = 4 };

struct binding {
	enum action action;
	int keys[KEYS_MAX]; /* key codes of curses; 0 for none */
	const char *shown, *help;
};

extern const struct binding bindings[];
extern const unsigned binding_count;

/* Whether a key can be used with a recording, or without one. */
bool binding_is_for(const struct binding *b, bool recording);

enum action action_of(int key);

#endif
