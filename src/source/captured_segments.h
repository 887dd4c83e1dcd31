/*
 * captured_segments: what a capture knows of objects of shared memory, as its file segments says.
 *
 * A line for each:
 *
 *	MAJOR:MINOR INODE SPACE SIZE ALLOCATED SWAPPED[ NAME]
 *
 * in decimal digits, as in segment.h; "-" is unknown. What segments_list() found has its name, in
 * which a newline is \012 and a backslash \134.
 */
#ifndef SOURCE_CAPTURED_SEGMENTS_H
#define SOURCE_CAPTURED_SEGMENTS_H

#include "source/procdir.h"
#include "source/segment.h"

#include <stdio.h>

#define CAPTURED_SEGMENTS "segments"

struct captured_segments;

/* NULL if there is no such file, with *e as it was; or with *e. */
struct captured_segments *captured_segments_read(const struct procdir *root, struct error *e);
void captured_segments_free(struct captured_segments *c);

void captured_segments_find(const struct captured_segments *c, const struct segment_id *id,
			    struct segment_facts *facts);

/* As segments_list(); only those of System V, or all. */
bool captured_segments_list(const struct captured_segments *c, bool only_sysv, segment_fn *found,
			    void *ctx);

/* `name` is empty for none. */
void captured_segments_write(FILE *out, const struct segment_id *id, struct slice name,
			     const struct segment_facts *facts);

#endif
