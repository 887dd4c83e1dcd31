/* combinations: options that cannot be used together. */
#ifndef CLI_COMBINATIONS_H
#define CLI_COMBINATIONS_H

#include "cli/options.h"

/* To be called once all options, the keys included, are known. 0, or -1 with *e: ERROR_USAGE. */
int combinations_check(const struct options *o, struct error *e);

#endif
