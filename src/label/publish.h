/*
 * publish: the table once more, for those who may read the maps of this process but not its memory.
 *
 * With Yama's ptrace_scope at 1 or more, the same user may read /proc/PID/smaps and open what is in
 * /proc/PID/fd, but /proc/PID/mem is for ancestors and root. There a copy of the table lies in a
 * memfd of the same name, which is mapped shared and stays open. A child does not inherit that
 * mapping, so a reader can tell whose the open file is; it makes a copy of its own with its first
 * change.
 */
#ifndef LABEL_PUBLISH_H
#define LABEL_PUBLISH_H

#include "label/layout.h"

/* The copy of a table whose lock is held, to be changed as it is, and before it; NULL where there
 * is none, since nobody needs it or it cannot be had. */
struct layout *publish_copy(struct layout *t);

#endif
