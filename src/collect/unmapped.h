/* unmapped: rows of a report by segment for objects without a mapping. */
#ifndef COLLECT_UNMAPPED_H
#define COLLECT_UNMAPPED_H

#include "model/snapshot.h"

/* Adds to a snapshot by KEY_SEGMENT, and to what is known of its objects, those of the running
 * system that no process maps: one for each memfd and System V segment, and one for the rest of
 * each tmpfs. False if out of memory. */
bool unmapped_add(const struct source *source, struct snapshot *s, struct shares *objects);

#endif
