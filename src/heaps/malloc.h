/* malloc: the functions that replace the C library's. Only for this folder. */
#ifndef HEAPS_MALLOC_H
#define HEAPS_MALLOC_H

#include <stdbool.h>

/* From here on, these functions take calls of the C library's malloc() and related functions.
 * False, with nothing changed, if that is impossible. */
bool malloc_replace(void);

#endif
