/*
 * cursor: reads a text word by word, and defines how strings are quoted.
 *
 * A cursor_take...() returns false if the text does not continue with what it takes; the other
 * functions fail with c->e, which gives the line.
 */
#ifndef MODEL_CURSOR_H
#define MODEL_CURSOR_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>
#include <stdio.h>

struct cursor {
	struct slice text; /* the rest */
	size_t line;	   /* from 1 */
	char *strings;	   /* where the next string goes; has room for the whole text */
	struct error *e;
};

/* Always returns false. */
bool cursor_malformed(struct cursor *c, const char *what);

bool cursor_take(struct cursor *c, const char *text);

/* Takes " name" and the relation, such as "=", up to the field's value. */
bool cursor_take_field(struct cursor *c, const char *name, const char *relation);

/* Takes a blank and a word; no word of the list may be a prefix of another. */
bool cursor_take_word(struct cursor *c, const char *word);

/* The same for a list of words; sets *index. */
bool cursor_word(struct cursor *c, const char *const *words, unsigned count, unsigned *index);

bool cursor_expect(struct cursor *c, const char *text);
bool cursor_byte(struct cursor *c, char byte);
bool cursor_end_line(struct cursor *c);

/* Numbers must not have leading zeros. */
bool cursor_decimal(struct cursor *c, uint64_t max, uint64_t *value);
bool cursor_hex(struct cursor *c, uint64_t *value);

/* Reads what quote_write() wrote, and nothing else. Valid as long as the memory for strings. */
bool cursor_string(struct cursor *c, struct slice *string);

/* Writes bytes as printable ASCII in quotes; quotes, backslashes and unprintable bytes become
 * \xHH. */
void quote_write(FILE *out, struct slice s);

#endif
