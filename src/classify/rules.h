/*
 * rules: from the text of a label to the subsystem that owns it.
 *
 * An ordered table; the first pattern that matches wins. Patterns are POSIX extended regular
 * expressions, matched against label_text(); \0 to \9 in the subsystem stand for what the pattern
 * and its groups matched. The built-in table comes last, so that a rule file can overrule it.
 *
 * The text format is described in anonmem-rules(5).
 */
#ifndef CLASSIFY_RULES_H
#define CLASSIFY_RULES_H

#include "base/error.h"
#include "base/slice.h"

#include <stdio.h>

struct rules;

/* An empty table; NULL if out of memory. */
struct rules *rules_new(void);
void rules_free(struct rules *rules);

/* Adds the rules that `in` holds behind those that are there. -1 with *e, which says file name and
 * line, when one cannot be understood. */
int rules_read(struct rules *rules, FILE *in, const char *name, struct error *e);

int rules_add_builtin(struct rules *rules, struct error *e);

/* Writes all rules in their order, as they could be read again. */
void rules_write(const struct rules *rules, FILE *out);

/* Writes the subsystem of a label to out. Labels that no rule knows go by what stands before their
 * colon, and else by the whole text with a number at its end replaced by a star. False when there
 * is no memory. */
bool rules_apply(const struct rules *rules, struct slice label, FILE *out);

#endif
