/*
 * hook: functions of the C library that it calls itself.
 *
 * malloc() and the threads of the GNU C library map memory by calls that no other library can stand
 * in for. They come to another function only if its code begins with a jump there.
 */
#ifndef PRELOAD_HOOK_H
#define PRELOAD_HOOK_H

#include <stdbool.h>

/*
 * Has a function of the C library jump to `to`, which takes the same arguments. To be called before
 * there is a second thread. False, and nothing done, on a processor that this is not written for,
 * or where a process may not write to its code.
 */
bool hook_install(const char *function, void (*to)(void));

struct hook {
	const char *function;
	void (*to)(void);
};

enum { HOOKS_MAX = 16 };

/* The same for several functions, of which all are to come there or none. */
bool hook_install_all(const struct hook *hooks, unsigned count);

#endif
