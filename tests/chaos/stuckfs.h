/* A file that can be opened and mapped, but whose reads never return. */
#ifndef CHAOS_STUCKFS_H
#define CHAOS_STUCKFS_H

/* Opens such a file at `path`, leaving no trace there. Starts the process `stuckfs`; reads block
 * until it ends. Returns -1 with errno. Needs root. */
int stuckfs_open(const char *path);

#endif
