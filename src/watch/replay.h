/*
 * replay: decides what each refresh reads.
 *
 * Either the running system, a captured tree, or a directory of captured trees, which are played in
 * the order of their names. A directory is a tree if it contains processes. Or a source that was
 * opened before, which is read every time.
 */
#ifndef WATCH_REPLAY_H
#define WATCH_REPLAY_H

#include "source/source.h"

struct replay {
	const char *root;
	struct source *source; /* the only source; or NULL */
	char **trees;	       /* owned; none for the running system */
	size_t count, next;
};

/* `root` is NULL for the running system and must outlive the replay. `source`, if given, comes from
 * source_open_from(), must also outlive it, and is read at every refresh. 0, or -1 with *e; call
 * replay_close() in any case. */
int replay_open(struct replay *r, const char *root, struct source *source, struct error *e);
void replay_close(struct replay *r);

/* Whether the next refresh can read something new: the running system, or another tree. */
bool replay_has_next(const struct replay *r);

/* Moves on to the next tree. */
void replay_advance(struct replay *r);

/* Opens the source to read now, limited to `pids` if there are any, like source_open_proc(). */
struct source *replay_source(const struct replay *r, const pid_t *pids, size_t count,
			     struct error *e);
void replay_close_source(const struct replay *r, struct source *source);

#endif
