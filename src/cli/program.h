/* program: the file of a program that is to be run, and whether a library can be preloaded into it.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

/* As other programs that run programs: env(1), nice(1), timeout(1). */
enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

/* Where execvp() would find a command; false if nowhere. */
bool program_find(const char *command, char path[PATH_MAX]);

enum preloading {
	PRELOAD_WORKS,	/* or it is unknown whether it works */
	PRELOAD_STATIC, /* no dynamic linker */
	PRELOAD_OTHER,	/* built for another kind of processor, which makes the linker complain */
	PRELOAD_SECURE, /* has rights that its user has not, so that the linker preloads nothing */
};

enum preloading program_preloading(const char *path);

/* Fills *e with why a command did not run, by the errno of exec, and returns the exit status. */
int program_failed(const char *command, int number, struct error *e);

#endif
