/*
 * side: one of the sources that are compared: a file, or the running system. A file may be a
 * recording, with a time.
 *
 *	side_open(&side, path, &options, &e)	while files may be opened; a NULL path is now
 *	side_load(&side, &options, &e)		inside the sandbox: finds out its kind
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
	struct document *document; /* for a JSON report or check; otherwise NULL */
	struct recalled recalled;  /* for a recording; otherwise empty */
	const struct options *options;
	bool guesses; /* for a recording: its labels may be guesses */
	struct snapshot snapshot;
};

/* Each returns 0, or -1 with *e; ERROR_USAGE if the user is at fault. side_free() in any case. */
int side_open(struct side *side, char *path, const struct options *o, struct error *e);
int side_load(struct side *side, struct error *e);
int side_read(struct side *side, const struct collect_options *collecting, struct error *e);
void side_free(struct side *side);

/* Instead of side_open() and side_load(): the side is this JSON, which is not in a file. */
int side_parse(struct side *side, struct slice text, const struct options *o, struct error *e);

/* The number of runs in an earlier check; 0 if the side is something else. */
size_t side_runs(const struct side *side);

/* Reads one of these runs. 0, or -1 with *e; call snapshot_free() in any case. */
int side_read_run(const struct side *side, size_t run, const struct grouping *by,
		  struct snapshot *s, struct error *e);

/* How to guess where a loaded side is compared with others, so that labels do not differ for that
 * reason alone: by place if it is a capture without contents of memory, not at all if it is a
 * recording without guesses; otherwise as requested. */
enum inferring side_inferring(const struct side *side, enum inferring asked);

/* Reports what went wrong while reading; false if anything did. */
bool side_say_problems(const struct side *side);

#endif
