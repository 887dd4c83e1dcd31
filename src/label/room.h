/* room: the memory of a table; only as much is mapped as is in use. */
#ifndef LABEL_ROOM_H
#define LABEL_ROOM_H

#include "label/layout.h"

#include <stdbool.h>

/* Maps a table that is all zeros, except for its sizes; NULL if that fails. */
struct layout *room_map(void);

void room_unmap(struct layout *t);

/* Whether a table has memory for a number of blocks or names; maps more if needed. */
bool room_for_blocks(struct layout *t, uint32_t blocks);
bool room_for_names(struct layout *t, uint32_t names);

#endif
