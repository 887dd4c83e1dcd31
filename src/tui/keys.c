#include "tui/keys.h"

#include <ncurses.h>

enum { ESCAPE = 27, RUBOUT = 127, BELL = 8, LINE_FEED = 10, RETURN = 13 };

/* Bindings without text are not in the help. */
const struct binding bindings[] = {
	{ACTION_UP, {KEY_UP, 'k'}, "Up k", "one row up"},
	{ACTION_DOWN, {KEY_DOWN, 'j'}, "Down j", "one row down"},
	{ACTION_PAGE_UP, {KEY_PPAGE}, "PgUp", "one page up"},
	{ACTION_PAGE_DOWN, {KEY_NPAGE}, "PgDn", "one page down"},
	{ACTION_FIRST, {KEY_HOME}, "Home", "the first row"},
	{ACTION_LAST, {KEY_END}, "End", "the last row"},
	{ACTION_ENTER, {LINE_FEED, RETURN, KEY_ENTER}, "Enter", "open this row"},
	{ACTION_BACK, {ESCAPE, RUBOUT, BELL, KEY_BACKSPACE}, "Esc BkSp", "back up"},
	{ACTION_GROUP, {'b'}, "b", "group by another key"},
	{ACTION_SORT, {'s', KEY_F(6)}, "s F6", "choose a column to sort by"},
	{ACTION_REVERSE, {'r'}, "r", "reverse order"},
	{ACTION_SEARCH, {'/'}, "/", "search for a text"},
	{ACTION_NEXT, {'n'}, "n", "find next"},
	{ACTION_FILTER, {'f', KEY_F(4)}, "f F4", "show only rows with a text"},
	{ACTION_USER, {'u'}, "u", "show only one user"},
	{ACTION_ZERO, {'z'}, "z", "GROWTH counts from now on"},
	{ACTION_PAUSE, {'p', ' '}, "p Space", "pause or resume"},
	{ACTION_REFRESH, {KEY_F(5)}, "F5", "refresh now"},
	{ACTION_DELAY, {'d'}, "d", "delay between refreshes"},
	{ACTION_WRITE, {'w'}, "w", "write this view as JSON"},
	{ACTION_SAMPLE_BACK, {KEY_LEFT}, "Left", "one sample back"},
	{ACTION_SAMPLE_FORTH, {KEY_RIGHT}, "Right", "one sample forward"},
	{ACTION_MINUTE_BACK, {','}, ",", "one minute back"},
	{ACTION_MINUTE_FORTH, {'.'}, ".", "one minute forward"},
	{ACTION_HOUR_BACK, {'<'}, "<", "one hour back"},
	{ACTION_HOUR_FORTH, {'>'}, ">", "one hour forward"},
	{ACTION_MARK_BACK, {'['}, "[", "to the last marked moment"},
	{ACTION_MARK_FORTH, {']'}, "]", "to the next marked moment"},
	{ACTION_GO_TO, {'g'}, "g", "go to a time"},
	{ACTION_LARGEST, {'l'}, "l", "to the row's largest growth"},
	{ACTION_CHART, {'c'}, "c", "chart of the row over time"},
	{ACTION_HELP, {'h', '?', KEY_F(1)}, "h ? F1", "this help"},
	{ACTION_QUIT, {'q', KEY_F(10)}, "q F10", "quit"},
	{ACTION_MOUSE, {KEY_MOUSE}, "mouse", "choose a row, sort, scroll"},
	{ACTION_RESIZE, {KEY_RESIZE}, "", ""},
};

const unsigned binding_count = sizeof(bindings) / sizeof(*bindings);

bool binding_is_for(const struct binding *b, bool recording)
{
	return b->help[0] &&
	       (recording || b->action < ACTION_SAMPLE_BACK || b->action > ACTION_CHART);
}

enum action action_of(int key)
{
	for (unsigned i = 0; i < binding_count; i++) {
		for (unsigned k = 0; k < KEYS_MAX && bindings[i].keys[k]; k++) {
			if (bindings[i].keys[k] == key)
				return bindings[i].action;
		}
	}
	return ACTION_NONE;
}
