/* A file that can be opened and mapped, and of which no read ever ends. */
#ifndef CHAOS_MUTE_H
#define CHAOS_MUTE_H

/* Opens one at `path`, where nothing remains of it. Whoever reads it waits until the process `mute`
 * ends, which this starts. -1 with errno. Takes root. */
int mute_open(const char *path);

#endif
