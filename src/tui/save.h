/* save: a file with all that was to be in it, or nothing. */
#ifndef TUI_SAVE_H
#define TUI_SAVE_H

#include "base/slice.h"

/* Writes it to a new file and closes that; where not all can be written the file is left empty,
 * since a part would look like the whole. 0, or -1 with errno. */
int save_whole(int fd, struct slice text);

#endif
