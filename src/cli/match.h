/* match: whether anything is there of what the user chose, and what to say if nothing is. */
#ifndef CLI_MATCH_H
#define CLI_MATCH_H

#include "cli/options.h"

/* False if no process matches --name, --user and --cgroup, or no memory of those that were read
 * matches --label and --kind. What could not be read is not said to match nothing. */
bool match_found(const struct options *o, const struct snapshot *s);

/* Says, of a snapshot without a match, what matched nothing. */
void match_say_none(const struct options *o, const struct snapshot *s);

#endif
