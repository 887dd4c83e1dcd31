/* chart: shows a curve over the whole time of a recording, as wide as the screen. */
#ifndef TUI_CHART_H
#define TUI_CHART_H

#include "render/render.h"
#include "tui/curve.h"

/* `title` is what the curve shows, escaped; `number` is the current sample. Returns the sample that
 * the user selected; 0 for none. */
uint64_t chart_run(const struct curve *s, const char *title, uint64_t number, enum units units);

#endif
