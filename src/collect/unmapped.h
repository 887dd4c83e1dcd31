/* unmapped: rows for shared memory objects without a mapping. */
#ifndef COLLECT_UNMAPPED_H
#define COLLECT_UNMAPPED_H

#include "model/snapshot.h"

/* Adds unmapped objects of the running system to a snapshot by KEY_SEGMENT, and to `objects`: a row
 * for each memfd and System V segment, and one for the rest of each tmpfs. False if out of
 * memory. */
bool unmapped_add(const struct source *source, struct snapshot *s, struct shares *objects);

#endif
