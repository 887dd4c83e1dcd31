/* save: writes a file completely or not at all. */
#ifndef TUI_SAVE_H
#define TUI_SAVE_H

#include "base/slice.h"

/* Writes text to a new file and closes it. If anything cannot be written, leaves the file empty,
 * since a part would look like the whole. 0, or -1 with errno. */
int save_whole(int fd, struct slice text);

#endif
