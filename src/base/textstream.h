/* textstream: the end of a stream that open_memstream() opened. */
#ifndef BASE_TEXTSTREAM_H
#define BASE_TEXTSTREAM_H

#include <stdbool.h>
#include <stdio.h>

/* Closes it. False, with *text freed and NULL, if not all is in there: of that, fclose() of the GNU
 * C library says nothing. */
bool textstream_close(FILE *out, char **text);

#endif
