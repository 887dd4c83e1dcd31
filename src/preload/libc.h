/* libc: functions of the C library, found in its own symbol table, at any time: dlopen() would
 * initialize it, and dlsym() would take the function from whichever library comes first. */
#ifndef PRELOAD_LIBC_H
#define PRELOAD_LIBC_H

#include <stddef.h>

/* The code of a function and its size; NULL if no function has that name. */
char *libc_find(const char *function, size_t *size);

#endif
