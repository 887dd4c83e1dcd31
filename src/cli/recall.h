/* recall: `--from FILE@TIME`, where the file is a recording. */
#ifndef CLI_RECALL_H
#define CLI_RECALL_H

#include "cli/options.h"
#include "recording/history.h"

struct recalled {
	char *path;	  /* owned */
	const char *time; /* the text after the @; or NULL */
	struct recording *recording;
};

/* Whether --from names a recording, with or without a time. */
bool recall_is(const struct options *o);

/* The same for one argument. */
bool recall_is_named(const char *from);

/* Refuses each recording that --from names. 0, or -1 with *e, which has the reason. */
int recall_refuse(const struct options *o, const char *why, struct error *e);

/* Opens the recording, so that no file needs to be opened later; call recall_free() in any case. 0,
 * or -1 with *e. */
int recall_open(const struct options *o, struct recalled *r, struct error *e);

/* The same for one argument, whatever the options are. */
int recall_open_named(const char *from, struct recalled *r, struct error *e);
void recall_free(struct recalled *r);

/* What the options request of a recording. */
struct recall recall_describe(const struct options *o, const struct rules *rules);

/* Fills *s, which the caller frees in any case. 0, or -1 with *e. */
int recall_read(struct options *o, const struct recalled *r, const struct rules *rules,
		struct snapshot *s, struct error *e);

/* Whether a whole span is requested, not one moment. */
bool recall_wants_span(const struct options *o, const struct recalled *r);

/* Reads a span: *s is its last moment, *t all of it; call timeline_free() in any case. */
int recall_read_span(struct options *o, const struct recalled *r, const struct rules *rules,
		     struct snapshot *s, struct timeline *t, struct error *e);

#endif
