/* match: checks that the user's selection matches anything, and reports if not. */
#ifndef CLI_MATCH_H
#define CLI_MATCH_H

#include "cli/options.h"

/* False if no process matches --name, --user and --cgroup, or no memory of the processes read
 * matches --label and --kind. Unreadable processes are not reported as mismatches. */
bool match_found(const struct options *o, const struct snapshot *s);

/* Reports which options matched nothing, for a snapshot without a match. */
void match_say_none(const struct options *o, const struct snapshot *s);

/* The same, as an error. Returns -1. */
int match_error(const struct options *o, const struct snapshot *s, struct error *e);

#endif
