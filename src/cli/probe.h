/* probe: finds out, in a sandboxed process of its own, how memory that is not read yet must be
 * guessed to be comparable with files. */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "cli/options.h"

/* Examines only files and folders: anything that can be read only once is taken for a report.
 * Lowers *infer. 0, or -1 with *e; if the process has reported the failure, its text is empty. */
int probe_inferring(char **paths, size_t count, const struct options *o, enum inferring *infer,
		    struct error *e);

#endif
