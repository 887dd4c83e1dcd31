/* recall: `--from FILE@TIME`, where the file is a recording. */
#ifndef CLI_RECALL_H
#define CLI_RECALL_H

#include "cli/options.h"
#include "recording/history.h"

struct recalled {
	char *path;	  /* owned */
	const char *time; /* behind it; or NULL */
	struct recording *recording;
};

/* Whether --from names a recording, with or without a time. */
bool recall_is(const struct options *o);

/* Whether this does. */
bool recall_is_named(const char *from);

/* Opens it, so that nothing is opened later; recall_free() in any case. 0, or -1 with *e. */
int recall_open(const struct options *o, struct recalled *r, struct error *e);

/* The same for what this names, whatever the options are. */
int recall_open_named(const char *from, struct recalled *r, struct error *e);
void recall_free(struct recalled *r);

/* What is wanted of it. */
struct recall recall_describe(const struct options *o, const struct rules *rules);

/* Fills *s, which the caller frees in any case. 0, or -1 with *e. */
int recall_read(struct options *o, const struct recalled *r, const struct rules *rules,
		struct snapshot *s, struct error *e);

/* Whether all of a span is asked for, not one moment of it. */
bool recall_wants_span(const struct options *o, const struct recalled *r);

/* The same for a span: *s is its last moment, *t all of it; timeline_free() in any case. */
int recall_read_span(struct options *o, const struct recalled *r, const struct rules *rules,
		     struct snapshot *s, struct timeline *t, struct error *e);

#endif
