/*
 * screen: controls the terminal, and restores it however the program ends.
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

/* The signal received that ends the program; 0 if none. */
int screen_signal(void);

int screen_height(void);
int screen_width(void);

void screen_clear(void);

/* Fills a line; text that does not fit is cut off. The text must be escaped already. */
void screen_line(int y, const char *text, enum style style);

/* Updates the terminal, with the cursor at x of line y, or hidden if y is -1. */
void screen_show(int y, int x);

/* Other results of screen_wait() than keys. */
enum {
	SCREEN_TIMEOUT = -1,
	SCREEN_GONE =
		-2, /* no more keys will come: the terminal is gone, or a signal ends the program */
	SCREEN_STOP = -3, /* a stop signal came; see screen_leave() */
};

/* Stops this process, restoring the terminal until it continues. */
void screen_leave(void);

/* Returns the next key, as a curses key code, or SCREEN_TIMEOUT after this many milliseconds; -1 to
 * wait forever. */
int screen_wait(int64_t milliseconds);

/* The event that came with the last mouse key. */
struct mouse {
	enum { MOUSE_NOTHING, MOUSE_CLICK, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN } what;
	int y, x;
};

struct mouse screen_mouse(void);

#endif
