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
	struct slice root;    /* the part of the file system that is mounted: "/" for all of it */
	struct slice point;   /* mount point; a blank is written \040, as in all such files */
	struct slice type;    /* of the file system: "tmpfs" */
	struct slice options; /* of the file system, separated by commas */
};

/* Takes the next line that describes a mount off the text; false at the end. */
bool take_mount(struct slice *text, struct mount *mount);

#endif
