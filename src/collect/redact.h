/*
 * redact: takes out of a capture or a recording what says who somebody is or what they do.
 *
 * Names become letters that nobody can read anything from, the same for the same name: they are
 * hashed with a key that is made for one file and then forgotten. What stays is in
 * anonmem-capture(1).
 */
#ifndef COLLECT_REDACT_H
#define COLLECT_REDACT_H

#include "base/error.h"
#include "base/slice.h"
#include "source/copy.h"

#include <stdio.h>

struct redact;

/* NULL with *e. */
struct redact *redact_new(struct error *e);
void redact_free(struct redact *r);

/* Begins the process whose files come next. */
void redact_process(struct redact *r, const struct copy *files);

/* Writes a file of the process, or of the machine, redacted. False if it must not be in a capture
 * at all. */
bool redact_file(struct redact *r, const char *name, struct slice bytes, FILE *out);

/* A path outside /proc, such as that of a control group. */
void redact_path(struct redact *r, struct slice path, FILE *out);

/* The name of a shared memory object: a label or a path. */
void redact_segment(struct redact *r, struct slice name, FILE *out);

/* What reports show: the name of a process whose program is unknown; a user, whose number stays; a
 * label, with the guess beside it; and a subsystem that a built-in rule gave. */
void redact_name(struct redact *r, struct slice name, FILE *out);
void redact_user(struct redact *r, struct slice user, FILE *out);
void redact_label(struct redact *r, struct slice label, FILE *out);
void redact_subsystem(struct redact *r, struct slice subsystem, FILE *out);

#endif
