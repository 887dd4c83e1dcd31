/*
 * escape: makes names that somebody else chose safe to show.
 *
 * Everything that is not printable in the current locale (control bytes, escape sequences, invalid
 * UTF-8, marks that reorder, hide or combine with other text) becomes an octal or C escape as
 * vis(3) writes it, and a backslash becomes two, so that the output says exactly what the bytes
 * were. In a locale other than UTF-8, all bytes beyond ASCII are escaped: there, they would be
 * other letters or controls.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/slice.h"

#include <stdint.h>
#include <stdio.h>

/* Decodes the first code point of s; returns its length in bytes, or 0 if s is empty or does not
 * begin with well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
size_t utf8_decode(struct slice s, uint32_t *code);

bool utf8_valid(struct slice s);

bool escape_locale_is_utf8(void);

/* Whether a code point beyond ASCII can be shown as it is: printable in this locale, no blank other
 * than the ASCII space, and no mark that changes the text around it. */
bool escape_is_printable(uint32_t code);

/* Writes s to out, escaped. */
void escape_write(FILE *out, struct slice s);

/* Writes a sentence that quotes names: like escape_write(), but keeps backslashes single. */
void escape_write_sentence(FILE *out, struct slice s);

/* Returns s escaped, as a string that the caller frees; NULL if out of memory. */
char *escape_string(struct slice s);

#endif
