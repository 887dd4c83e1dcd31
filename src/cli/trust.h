/* trust: checks files that decide what anonmem does: rules, and the preloaded library. */
#ifndef CLI_TRUST_H
#define CLI_TRUST_H

#include "base/error.h"

/*
 * An open file is trusted if it belongs to root or the user, and nobody else may write to it. The
 * directory need not be checked: a file that somebody else puts there belongs to that user. 0, or
 * -1 with *e.
 */
int trust_check(int fd, const char *path, struct error *e);

#endif
