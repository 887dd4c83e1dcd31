/*
 * rules: maps the text of a label to the subsystem that owns the memory.
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

/* Appends the rules read from `in`. Returns -1 with *e, which gives file name and line, if one is
 * invalid. */
int rules_read(struct rules *rules, FILE *in, const char *name, struct error *e);

int rules_add_builtin(struct rules *rules, struct error *e);

/* Writes all rules in their order, as they could be read again. */
void rules_write(const struct rules *rules, FILE *out);

/* Writes the subsystem of a label to out. A label that matches no rule becomes the text before its
 * colon, or else the whole text with a star in place of a number at its end. False if out of
 * memory. */
bool rules_apply(const struct rules *rules, struct slice label, FILE *out);

/* Whether a built-in rule matches a label by a name that means the same in all programs, rather
 * than by any text before a colon or the name of any library. The rules are those of
 * rules_add_builtin() alone; the text is that of label_text(). */
bool rules_know(const struct rules *builtin_rules, struct slice text);

/* Whether this subsystem comes from a rule that rules_know() accepts, or begins like one. */
bool rules_give(struct slice subsystem);

#endif
