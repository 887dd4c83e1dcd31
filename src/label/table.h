/*
 * table: maps addresses to names, following the kernel's rules: a newly named range is cut out of
 * existing ones, and merged with a neighbour of the same name.
 *
 * It works on the layout in place, which grows as needed (room.h). Not thread-safe.
 */
#ifndef LABEL_TABLE_H
#define LABEL_TABLE_H

#include "label/layout.h"

#include <stdbool.h>

/* Initializes a table in zeroed memory. */
void table_init(struct layout *t);

/* Empties a table, whatever state an interrupted change left it in. */
void table_empty(struct layout *t);

/*
 * Names [start, end) with a name made by text_copy(), or removes its names if `name` is NULL.
 * `inode` is that of shared memory, or 0. False, with nothing changed, if the table is full; but
 * names can always be removed, if necessary together with the name of what follows.
 */
bool table_set(struct layout *t, uint64_t start, uint64_t end, uint32_t inode, const char *name);

/* Returns the end of the range that contains an address, and its inode; 0 if there is none. */
uint64_t table_find(struct layout *t, uint64_t address, uint32_t *inode);

/*
 * Moves names as mremap() does: those of [from, from + from_len) go to [to, to + to_len). They are
 * cut off at its end; if it is longer, the rest gets the name of the last page, or of the first one
 * if from_len is 0. With `stays`, `from` keeps its names too. The ranges must start at the same
 * address or not overlap.
 */
void table_move(struct layout *t, uint64_t from, uint64_t from_len, uint64_t to, uint64_t to_len,
		bool stays);

#endif
