/* combinations: options that cannot be used together. */
#ifndef CLI_COMBINATIONS_H
#define CLI_COMBINATIONS_H

#include "cli/options.h"

/* Call once all options, including the keys, are known. 0, or -1 with *e: ERROR_USAGE. */
int combinations_check(const struct options *o, struct error *e);

#endif
