/*
 * screen: the terminal, and that it is usable afterwards, however this ends.
 *
 *	screen_start()
 *	screen_line(...)... screen_show()
 *	screen_wait() -> a key
 *	screen_stop()
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_CURSOR,
	STYLE_HEADER,
	STYLE_NEW,
	STYLE_GONE,
};

/* 0, or -1 with *e. */
int screen_start(bool color, struct error *e);
void screen_stop(void);

/* A signal that ends the program and came meanwhile; 0 if there was none. */
int screen_signal(void);

int screen_height(void);
int screen_width(void);

void screen_clear(void);

/* Fills a line: what does not fit of the text is cut off. The text is escaped already. */
void screen_line(int y, const char *text, enum style style);

/* Shows all that was put, with the terminal's cursor at x of line y, or hidden if y is -1. */
void screen_show(int y, int x);

/* What screen_wait() says beside keys. */
enum {
	SCREEN_TIMEOUT = -1,
	SCREEN_GONE = -2, /* no more keys will come: the terminal vanished, or a signal came */
	SCREEN_STOP = -3, /* the signal to stop came; see screen_leave() */
};

/* Stops this process, and leaves the terminal to whoever is next until it continues. */
void screen_leave(void);

/* The next key, as curses calls it, within this many milliseconds; -1 to wait for ever. */
int screen_wait(int64_t milliseconds);

/* What the mouse did, when its key came. */
struct mouse {
	enum { MOUSE_NOTHING, MOUSE_CLICK, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN } what;
	int y, x;
};

struct mouse screen_mouse(void);

#endif
