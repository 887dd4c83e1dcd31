/*
 * textstream: a stream whose text stays in memory, as that of open_memstream(), which says nothing
 * when memory is short and continues behind the gap.
 */
#ifndef BASE_TEXTSTREAM_H
#define BASE_TEXTSTREAM_H

#include <stdbool.h>
#include <stdio.h>

/* `text` and `size` mean something after fflush() and textstream_close(), and must live until then;
 * the text, which has a NUL behind it, is then the caller's to free. NULL if out of memory.
 */
FILE *textstream_open(char **text, size_t *size);

/* Closes it. False, with *text freed and NULL, if not all is in there. */
bool textstream_close(FILE *out, char **text);

#endif
