/* travel: keys that move through the time of a recording. */
#ifndef TUI_TRAVEL_H
#define TUI_TRAVEL_H

#include "render/render.h"
#include "tui/keys.h"
#include "tui/level.h"
#include "watch/driver.h"

enum { TRAVEL_MESSAGE_MAX = 256 };

/* Whether an action moves through the time of a recording. */
bool travel_has(enum action action);

/* Goes to another sample. 1; 0 if the same one is still shown, possibly with a message; or -1 with
 * *e. */
int travel_run(struct driver *d, enum action action, const struct level *l, enum units units,
	       char message[TRAVEL_MESSAGE_MAX], struct error *e);

#endif
