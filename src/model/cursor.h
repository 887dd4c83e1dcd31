/*
 * cursor: the place in a text that is read word by word, and how strings stand in one.
 *
 * A cursor_take...() takes what is there, if it is; all others fail with c->e, which says the line,
 * if it is not.
 */
#ifndef MODEL_CURSOR_H
#define MODEL_CURSOR_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>
#include <stdio.h>

struct cursor {
	struct slice text; /* what is left */
	size_t line;	   /* from 1 */
	char *strings;	   /* where the next string goes; has room for as much as the text */
	struct error *e;
};

/* Always false. */
bool cursor_malformed(struct cursor *c, const char *what);

bool cursor_take(struct cursor *c, const char *text);

/* Takes a field behind a blank, up to its value: " name" and, such as "=", its relation. */
bool cursor_take_field(struct cursor *c, const char *name, const char *relation);

/* Takes a word behind a blank, of a list in which none begins with another. */
bool cursor_take_word(struct cursor *c, const char *word);

/* The same, as its index in the list. */
bool cursor_word(struct cursor *c, const char *const *words, unsigned count, unsigned *index);

bool cursor_expect(struct cursor *c, const char *text);
bool cursor_byte(struct cursor *c, char byte);
bool cursor_end_line(struct cursor *c);

/* Numbers without leading zeros. */
bool cursor_decimal(struct cursor *c, uint64_t max, uint64_t *value);
bool cursor_hex(struct cursor *c, uint64_t *value);

/* What quote_write() wrote, and only that. Lives as long as the memory of the strings. */
bool cursor_string(struct cursor *c, struct slice *string);

/* Writes any bytes as printable ASCII: between quotes, and as \xHH what is not printable, a quote
 * or a backslash. */
void quote_write(FILE *out, struct slice s);

#endif
