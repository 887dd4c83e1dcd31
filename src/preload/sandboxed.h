/* sandboxed: whether the program has begun to sandbox itself. A filter may then kill it for a
 * system call that it does not make itself, so no files are opened and the kernel is given no
 * names. */
#ifndef PRELOAD_SANDBOXED_H
#define PRELOAD_SANDBOXED_H

#include <stdbool.h>

extern bool sandboxed;

#endif
