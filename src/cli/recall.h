/* recall: `--from FILE@TIME`, where the file is a recording. */
#ifndef CLI_RECALL_H
#define CLI_RECALL_H

#include "cli/options.h"
#include "recording/reader.h"

struct recalled {
	char *path;	  /* owned */
	const char *time; /* behind it; or NULL */
	struct recording *recording;
};

/* Whether --from names a recording, with or without a time. */
bool recall_is(const struct options *o);

/* Opens it, so that nothing is opened later; recall_free() in any case. 0, or -1 with *e. */
int recall_open(const struct options *o, struct recalled *r, struct error *e);
void recall_free(struct recalled *r);

/* What is wanted of it. */
struct recall recall_describe(const struct options *o, const struct rules *rules);

/* Fills *s, which the caller frees in any case. 0, or -1 with *e. */
int recall_read(const struct options *o, const struct recalled *r, const struct rules *rules,
		struct snapshot *s, struct error *e);

#endif
