/* published: the copy of its names that a process shows to those who may not read its memory. */
#ifndef SOURCE_PUBLISHED_H
#define SOURCE_PUBLISHED_H

#include "source/procdir.h"

/* A descriptor of the copy, in the file system `shmem`; -1 if the process shows none. */
int published_open(const struct procdir *dir, dev_t shmem);

#endif
