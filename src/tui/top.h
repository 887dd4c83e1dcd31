/*
 * top: the interactive screen of `anonmem top`.
 *
 * This layer is the only one that includes curses.
 */
#ifndef TUI_TOP_H
#define TUI_TOP_H

#include "render/render.h"
#include "watch/driver.h"

struct top {
	struct driver driver;
	struct grouping by; /* the initial grouping */
	struct report_options report;
	struct render_options rendering;
};

/* Called after the terminal has been opened, before anything is read. 0, or -1 with *e. */
typedef int top_ready_fn(const void *ctx, struct error *e);

/* Runs until the user quits or the number of iterations is reached, and restores the terminal. 0,
 * or -1 with *e. */
int top_run(struct top *top, top_ready_fn *ready, const void *ctx, struct error *e);

#endif
