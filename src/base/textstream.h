/*
 * textstream: a stream that writes to memory, like open_memstream(), but reports it when memory
 * runs out; open_memstream() says nothing and continues after the gap.
 */
#ifndef BASE_TEXTSTREAM_H
#define BASE_TEXTSTREAM_H

#include <stdbool.h>
#include <stdio.h>

/* `text` and `size` are valid after fflush() and textstream_close(), and must outlive the stream.
 * The caller frees the text, which is NUL-terminated. NULL if out of memory.
 */
FILE *textstream_open(char **text, size_t *size);

/* Closes it. If the text is incomplete, frees it, sets *text to NULL and returns false. */
bool textstream_close(FILE *out, char **text);

#endif
