/*
 * objects: shared memory that goes away with its last user: memfds, shared anonymous memory, System
 * V segments marked for removal, unlinked files on tmpfs.
 *
 *	o = objects_new(io, root)
 *	objects_begin(o, dir, next)	before each reading of a process: the stage for its mappings
 *	objects_held(o, dir, &list)	what the process has open
 *	objects_free(o)
 *
 * Mapped objects are examined through /proc/PID/map_files, which takes CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE.
 */
#ifndef SOURCE_OBJECTS_H
#define SOURCE_OBJECTS_H

#include "source/io.h"

struct objects;

/* NULL with errno. `root` is the directory of all processes. */
struct objects *objects_new(struct io *io, const struct procdir *root);
void objects_free(struct objects *o);

struct stage objects_begin(struct objects *o, const struct procdir *dir, struct stage next);

/* Whether a process that cannot be examined has resident shared memory, according to its status,
 * which anybody may read; true if the status does not say. */
bool objects_may_be_with(const struct source *s, pid_t pid);

/* The unlinked objects among the descriptors of a process. They are valid until the next call. */
void objects_held(struct objects *o, const struct procdir *dir, struct held_objects *held);

#endif
