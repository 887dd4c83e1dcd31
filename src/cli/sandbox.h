/*
 * sandbox: what the kernel lets anonmem do once all that the user named is open: read files, write
 * to what is open, allocate memory, start threads and end. No other program, no connection, no file
 * to write, no code that is not loaded yet. What is refused fails with EPERM.
 *
 * There is none in builds for sanitizers or coverage, which do more than anonmem does, and where
 * the kernel has no filters (CONFIG_SECCOMP_FILTER, Linux 3.17).
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct sandbox {
	bool records; /* writes to the database that is open, and makes it shorter */
	bool creates; /* files that are not there yet, to write them: a key of top */
	pid_t child;  /* to send signals to, and to wait for; 0 for none */
};

/* For this thread and those that it starts; there is no way back. 0, or -1 with *e. */
int sandbox_enter(const struct sandbox *box, struct error *e);

#endif
