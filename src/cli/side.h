/*
 * side: one of the things that are compared: what a name leads to, or the running system. A name
 * may be that of a recording, with a time.
 *
 *	side_open(&side, path, &options, &e)	while files may be opened: path is NULL for now
 *	side_load(&side, &options, &e)		behind the sandbox: finds out what it is
 *	side_read(&side, &options, ...)		into side.snapshot
 *	side_free(&side)
 */
#ifndef CLI_SIDE_H
#define CLI_SIDE_H

#include "cli/options.h"
#include "cli/recall.h"
#include "collect/options.h"
#include "model/document.h"

struct side {
	char *path; /* NULL for the running system */
	struct source *source;
	struct document *document; /* of a JSON report or check; else NULL */
	struct recalled recalled;  /* of a recording; else without one */
	const struct options *options;
	bool guesses; /* of a recording: its labels may be guesses */
	struct snapshot snapshot;
};

/* Each returns 0, or -1 with *e; ERROR_USAGE if the user is at fault. side_free() in any case. */
int side_open(struct side *side, char *path, const struct options *o, struct error *e);
int side_load(struct side *side, struct error *e);
int side_read(struct side *side, const struct collect_options *collecting, struct error *e);
void side_free(struct side *side);

/* Instead of side_open() and side_load(): it is this JSON, which was not in a file. */
int side_parse(struct side *side, struct slice text, const struct options *o, struct error *e);

/* The runs of an earlier check that a loaded side holds; 0 if it is something else. */
size_t side_runs(const struct side *side);

/* Reads one of those. 0, or -1 with *e; snapshot_free() in any case. */
int side_read_run(const struct side *side, size_t run, const struct grouping *by,
		  struct snapshot *s, struct error *e);

/* By what to guess where a loaded side is compared with others, or labels would differ only for
 * that: by place if it is a capture that keeps no content of memory, not at all if it is a
 * recording without guesses; else as asked. */
enum inferring side_inferring(const struct side *side, enum inferring asked);

/* Says what went wrong while it was read; false if anything did. */
bool side_say_problems(const struct side *side);

#endif
