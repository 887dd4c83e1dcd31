/*
 * top: the watch on a terminal, with keys.
 *
 * This layer is the only one that includes curses.
 */
#ifndef TUI_TOP_H
#define TUI_TOP_H

#include "render/render.h"
#include "watch/view.h"

struct top {
	struct replay replay;
	const pid_t *pids; /* borrowed, as everything that the options point to */
	size_t pid_count;
	struct watch_options watching;
	struct grouping by; /* at first */
	struct report_options report;
	struct render_options rendering;
	uint64_t delay_ns;
	uint64_t iterations; /* 0 for no end */
};

/* Called when the terminal has been opened and nothing has been read. 0, or -1 with *e. */
typedef int top_ready_fn(const void *ctx, struct error *e);

/* Until the user or the number of iterations ends it. The terminal is then as it was before. 0, or
 * -1 with *e. */
int top_run(struct top *top, top_ready_fn *ready, const void *ctx, struct error *e);

#endif
