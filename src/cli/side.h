/*
 * side: one of the things that are compared: what a name leads to, or the running system.
 *
 *	side_open(&side, path, &options, &e)	while files may be opened: path is NULL for now
 *	side_load(&side, &options, &e)		behind the sandbox: finds out what it is
 *	side_read(&side, &options, ...)		into side.snapshot
 *	side_free(&side)
 */
#ifndef CLI_SIDE_H
#define CLI_SIDE_H

#include "cli/options.h"
#include "collect/options.h"
#include "model/document.h"

struct side {
	char *path; /* NULL for the running system */
	struct source *source;
	struct document *document; /* of a JSON report; else NULL */
	struct snapshot snapshot;
};

/* Each returns 0, or -1 with *e; ERROR_USAGE if the user is at fault. side_free() in any case. */
int side_open(struct side *side, char *path, const struct options *o, struct error *e);
int side_load(struct side *side, const struct options *o, struct error *e);
int side_read(struct side *side, const struct collect_options *collecting, struct error *e);
void side_free(struct side *side);

/* By what to guess on both sides, once they are loaded: a redacted capture has no content of
 * memory, so by its place where one is a capture, or labels would differ only for that. */
enum inferring side_inferring(const struct side *a, const struct side *b, enum inferring asked);

/* Says what went wrong while it was read; false if anything did. */
bool side_say_problems(const struct side *side);

#endif
