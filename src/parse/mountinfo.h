/*
 * mountinfo: the lines of /proc/PID/mountinfo.
 */
#ifndef PARSE_MOUNTINFO_H
#define PARSE_MOUNTINFO_H

#include "base/slice.h"

#include <stdint.h>

/* The slices point into the text. */
struct mount {
	uint32_t dev_major, dev_minor;
	struct slice point; /* where it is mounted; a blank is \040, as in all such files */
	struct slice type;  /* of the file system: "tmpfs" */
};

/* Takes the next line that is one of a mount off the text; false at the end. */
bool take_mount(struct slice *text, struct mount *mount);

#endif
