/* probe: finds out in a process of its own, behind a sandbox, by what to guess so that what is not
 * read yet can be compared with files. */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "cli/options.h"

/* Looks at files and folders only: what can be read but once is taken for a report. Lowers *infer.
 * 0, or -1 with *e; if the process has said why it failed, the text is empty. */
int probe_inferring(char **paths, size_t count, const struct options *o, enum inferring *infer,
		    struct error *e);

#endif
