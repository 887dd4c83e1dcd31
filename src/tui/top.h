/*
 * top: the watch on a terminal, with keys.
 *
 * This layer is the only one that includes curses.
 */
#ifndef TUI_TOP_H
#define TUI_TOP_H

#include "render/render.h"
#include "watch/driver.h"

struct top {
	struct driver driver;
	struct grouping by; /* at first */
	struct report_options report;
	struct render_options rendering;
};

/* Called when the terminal has been opened and nothing has been read. 0, or -1 with *e. */
typedef int top_ready_fn(const void *ctx, struct error *e);

/* Until the user or the number of iterations ends it. The terminal is then as it was before. 0, or
 * -1 with *e. */
int top_run(struct top *top, top_ready_fn *ready, const void *ctx, struct error *e);

#endif
