/*
 * captured_names: the names that a process kept itself (kept_names.h), in a captured tree: its file
 * kept-names, which stands for memory that a capture has not.
 *
 * A line for each part of a mapping that has names, in ascending order:
 *
 *	START-END RESIDENT EXCLUSIVE SWAPPED PROTECTED[ NAME]
 *
 * with addresses in hexadecimal and bytes in decimal digits, as in `struct part`; without a name
 *for what has none beside others.
 */
#ifndef SOURCE_CAPTURED_NAMES_H
#define SOURCE_CAPTURED_NAMES_H

#include "parse/smaps.h"
#include "source/apportion.h"
#include "source/procdir.h"

#include <stdio.h>

#define CAPTURED_NAMES "kept-names"

/* All zero at first. */
struct captured_names {
	char *text; /* the names are in it */
	struct part *parts;
	size_t count, next; /* parts before `next` lie below the mapping at hand */
};

/* False if there are none, or they make no sense; then *damaged. */
bool captured_names_read(struct captured_names *c, const struct procdir *dir, bool *damaged);
void captured_names_free(struct captured_names *c);

/* The parts of a mapping; mappings must ascend. 0 if it has no names, or the parts are not those of
 * this mapping. */
size_t captured_names_of(struct captured_names *c, const struct mapping *m,
			 const struct part **parts);

void captured_names_write(FILE *out, const struct part *parts, size_t count);

#endif
