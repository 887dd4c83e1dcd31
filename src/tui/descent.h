/*
 * descent: the stack of levels from the top to the one that is shown.
 *
 *	descent_begin(&d, by, options)	the top level
 *	descent_down(&d)		shows the contents of the row at the cursor
 *	descent_up(&d)
 *	descent_refresh(&d)		after each refresh of the driver
 *	descent_free(&d)
 *
 * The driver's watch does not keep files and mappings. A level of them has a watch of its own,
 * which it shares with the levels below it.
 */
#ifndef TUI_DESCENT_H
#define TUI_DESCENT_H

#include "tui/level.h"
#include "watch/driver.h"

enum { LEVELS_MAX = 6 }; /* kinds, labels, files, processes, mappings, and one spare */

struct descent {
	const struct driver *driver; /* borrowed */
	struct level *levels[LEVELS_MAX];
	size_t count;
	struct own_watch {
		struct watch *watch; /* NULL if this level did not begin one */
		pid_t pid; /* the only process that it reads; 0 for the same ones as the driver */
	} own[LEVELS_MAX];
};

void descent_free(struct descent *d);

/* The level that is shown. */
struct level *descent_last(const struct descent *d);

/* Replaces all levels by a top level; the caller must call descent_update(). NULL if out of
 * memory. */
struct level *descent_begin(struct descent *d, const struct grouping *by,
			    const struct report_options *options);

/* 0, also if there is nothing below; or -1 with *e. */
int descent_down(struct descent *d, struct error *e);
void descent_up(struct descent *d);

/* Reads what the driver does not read; the next update shows it. 0, or -1 with *e, both. */
int descent_refresh(struct descent *d, struct error *e);
int descent_update(struct descent *d, struct error *e);

/* Makes the current state the start. False if out of memory. */
bool descent_zero(struct descent *d);

#endif
