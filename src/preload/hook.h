/*
 * hook: redirects functions of the C library, including its own calls to them.
 *
 * malloc() and threads of glibc map memory with internal calls that other libraries cannot
 * interpose. These calls only reach another function if the code of the original one begins with a
 * jump to it.
 */
#ifndef PRELOAD_HOOK_H
#define PRELOAD_HOOK_H

#include <stdbool.h>

/*
 * Makes a function of the C library jump to `to`, which takes the same arguments. Call it before
 * there is a second thread. False, with nothing changed, on an unsupported CPU, or if the process
 * may not write to its code.
 */
bool hook_install(const char *function, void (*to)(void));

struct hook {
	const char *function;
	void (*to)(void);
};

enum { HOOKS_MAX = 16 };

/* The same for several functions: either all are redirected or none. */
bool hook_install_all(const struct hook *hooks, unsigned count);

#endif
