/*
 * table: which addresses have which name, by the rules of the kernel: a range that is named anew is
 * cut out of those before, and becomes one with a neighbour of the same name.
 *
 * It is nothing but the layout and needs no memory of its own. One thread at a time.
 */
#ifndef LABEL_TABLE_H
#define LABEL_TABLE_H

#include "label/layout.h"

#include <stdbool.h>

/* An empty table in memory that is all zeros. */
void table_init(struct layout *t);

/* Empties a table, in whatever state somebody left it who changed it. */
void table_empty(struct layout *t);

/*
 * Gives [start, end) a name that text_copy() made, or none if it is NULL. `inode` is that of shared
 * memory or 0. False, and nothing done, if the table is full; but a name can always be taken away,
 * if need be with that of what lies behind.
 */
bool table_set(struct layout *t, uint64_t start, uint64_t end, uint32_t inode, const char *name);

/* The end of the range that holds an address, and whose memory it is; 0 if no range does. */
uint64_t table_find(struct layout *t, uint64_t address, uint32_t *inode);

/*
 * What mremap() does: the names in [from, from + from_len) are those of [to, to + to_len), where
 * they end with its end, or what is more has that of the last page; with from_len 0, of the first.
 * `stays` leaves those at `from` too. Both ranges are the same memory or do not overlap.
 */
void table_move(struct layout *t, uint64_t from, uint64_t from_len, uint64_t to, uint64_t to_len,
		bool stays);

#endif
