/*
 * replay: what is read at each refresh.
 *
 * The running system, a captured tree, or a folder of captured trees, which are then played one
 * after the other in the order of their names. A folder is a tree if it holds processes. Or one
 * source that was opened before, which is read each time.
 */
#ifndef WATCH_REPLAY_H
#define WATCH_REPLAY_H

#include "source/source.h"

struct replay {
	const char *root;
	struct source *source; /* the only one; or NULL */
	char **trees;	       /* owned; none for the running system */
	size_t count, next;
};

/* `root` is NULL for the running system and must outlive the replay. With `source`, which is of
 * source_open_from() and must outlive it as well, it is what that was opened as. 0, or -1 with *e;
 * replay_close() in any case. */
int replay_open(struct replay *r, const char *root, struct source *source, struct error *e);
void replay_close(struct replay *r);

/* Whether there is something else to read than what was read last. A tree, or the last of several,
 * stays what it is. */
bool replay_has_next(const struct replay *r);

/* Moves on to it. */
void replay_advance(struct replay *r);

/* The source to read now, limited to `pids` if there are any; as source_open_proc(). */
struct source *replay_source(const struct replay *r, const pid_t *pids, size_t count,
			     struct error *e);
void replay_close_source(const struct replay *r, struct source *source);

#endif
