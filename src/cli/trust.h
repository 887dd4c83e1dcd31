/* trust: whose files may decide what anonmem does: rules, and the library that it preloads. */
#ifndef CLI_TRUST_H
#define CLI_TRUST_H

#include "base/error.h"

/*
 * A file that is open is trusted if it belongs to root or to the user, and nobody else may write to
 * it. The file decides, not the folder: what somebody puts in its place belongs to him. 0, or -1
 * with *e.
 */
int trust_check(int fd, const char *path, struct error *e);

#endif
