/* libc: functions of the C library, found in its own table of symbols, at whatever moment: dlopen()
 * would set it up, and dlsym() would take the function from who comes first. */
#ifndef PRELOAD_LIBC_H
#define PRELOAD_LIBC_H

#include <stddef.h>

/* The code of a function and how long it is; NULL if no function has that name. */
char *libc_find(const char *function, size_t *size);

#endif
