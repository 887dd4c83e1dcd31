/*
 * descent: the levels from the top down to the one that is shown.
 *
 *	descent_begin(&d, by, options)	the top level
 *	descent_down(&d)		what is in the row at the cursor
 *	descent_up(&d)
 *	descent_refresh(&d)		after each refresh of the driver
 *	descent_free(&d)
 *
 * Files and mappings are more than the driver's watch keeps. A level of them has a watch of its
 *own, which it shares with the levels below it.
 */
#ifndef TUI_DESCENT_H
#define TUI_DESCENT_H

#include "tui/level.h"
#include "watch/driver.h"

enum { LEVELS_MAX = 6 }; /* kinds, labels, files, processes, mappings, and one to spare */

struct descent {
	const struct driver *driver; /* borrowed */
	struct level *levels[LEVELS_MAX];
	size_t count;
	struct own_watch {
		struct watch *watch; /* NULL where the level began none */
		pid_t pid;	     /* the only process that it reads; 0 for those of the driver */
	} own[LEVELS_MAX];
};

void descent_free(struct descent *d);

/* The level that is shown. */
struct level *descent_last(const struct descent *d);

/* The top level instead of all there are; descent_update() is left to the caller. NULL when there
 * is no memory. */
struct level *descent_begin(struct descent *d, const struct grouping *by,
			    const struct report_options *options);

/* 0, also if there is nothing below, or -1 with *e. */
int descent_down(struct descent *d, struct error *e);
void descent_up(struct descent *d);

/* Reads what the driver did not. 0, or -1 with *e; and so the next one, which shows it. */
int descent_refresh(struct descent *d, struct error *e);
int descent_update(struct descent *d, struct error *e);

/* What there is now is the start. False if out of memory. */
bool descent_zero(struct descent *d);

#endif
