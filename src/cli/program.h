/* program: finds the file of a program to run, and tells whether a library can be preloaded. */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

/* The same as for env(1), nice(1) and timeout(1). */
enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

/* Finds a command like execvp(); false if there is none. */
bool program_find(const char *command, char path[PATH_MAX]);

enum preloading {
	PRELOAD_WORKS,	/* or unknown */
	PRELOAD_STATIC, /* no dynamic linker */
	PRELOAD_OTHER,	/* built for another CPU; the linker would complain */
	PRELOAD_LIBC,	/* requests the dynamic linker of another C library than glibc */
	PRELOAD_SECURE, /* gains rights, so the linker does not preload anything */
};

enum preloading program_preloading(const char *path);

/* Fills *e with the reason why a command could not run, given exec's errno, and returns the exit
 * status. */
int program_failed(const char *command, int number, struct error *e);

#endif
