/*
 * objects: shared memory that ends with those who have it: memfds, shared anonymous memory, System
 *V segments that are marked for removal, files of tmpfs whose last name is gone.
 *
 *	o = objects_new(io, root)
 *	objects_begin(o, dir, next)	before each reading of a process: the stage for its mappings
 *	objects_held(o, dir, &list)	what the process has open
 *	objects_free(o)
 *
 * What lies behind a mapping is asked through /proc/PID/map_files, for which the kernel wants
 * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE.
 */
#ifndef SOURCE_OBJECTS_H
#define SOURCE_OBJECTS_H

#include "source/io.h"

struct objects;

/* NULL with errno. `root` is the folder of all processes. */
struct objects *objects_new(struct io *io, const struct procdir *root);
void objects_free(struct objects *o);

struct stage objects_begin(struct objects *o, const struct procdir *dir, struct stage next);

/* Whether a process that cannot be looked at has shared memory resident, as its status tells
 * everybody; true where it does not tell. */
bool objects_may_be_with(const struct source *s, pid_t pid);

/* The objects without a name among the descriptors of a process. They live until the next call. */
void objects_held(struct objects *o, const struct procdir *dir, struct held_objects *held);

#endif
