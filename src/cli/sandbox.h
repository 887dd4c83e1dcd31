/*
 * sandbox: limits what anonmem may do once everything named on the command line is open: read
 * files, write to open files, allocate memory, start threads and exit. It may not execute programs,
 * open connections, open files for writing or load code. Anything else fails with EPERM.
 *
 * There is no sandbox in builds with sanitizers or coverage, which need more system calls, and on
 * kernels without filters (CONFIG_SECCOMP_FILTER, Linux 3.17).
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct sandbox {
	bool records; /* may write to and truncate the open database */
	bool serves;  /* may answer on an open, listening socket */
	bool creates; /* may create new files and write to them, for a key of top */
	pid_t child;  /* may send signals to this process and wait for it; 0 for none */
};

/* Applies to this thread and those it starts, irrevocably. 0, or -1 with *e. */
int sandbox_enter(const struct sandbox *box, struct error *e);

#endif
