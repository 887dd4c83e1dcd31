/* malloc: the functions that take the place of the C library's. Only for this folder. */
#ifndef HEAPS_MALLOC_H
#define HEAPS_MALLOC_H

#include <stdbool.h>

/* From here on the C library's malloc() and all that goes with it come here. False, and nothing
 * done, if that cannot be. */
bool malloc_replace(void);

#endif
