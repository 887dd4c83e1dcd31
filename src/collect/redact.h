/*
 * redact: removes from a capture or a recording what identifies people or shows what they do.
 *
 * Names become letters without a meaning, the same for the same name: they are hashed with a key
 * that is made for one file and then forgotten. What stays is in anonmem-capture(1).
 */
#ifndef COLLECT_REDACT_H
#define COLLECT_REDACT_H

#include "base/error.h"
#include "base/intern.h"
#include "classify/rules.h"

#include <stdio.h>

struct redact {
	uint64_t key[2];
	struct rules *rules; /* the built-in rules */
	/* Of the current process: */
	bool is_kernel_thread;
	struct slice exe;   /* of its copy */
	struct slice smaps; /* likewise */
	bool libraries_known;
	struct intern libraries; /* of the system, that it has mapped */
};

/* NULL with *e. */
struct redact *redact_new(struct error *e);
void redact_free(struct redact *r);

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

/* For redact_files.c: */

/* Writes text as it is. */
void redact_keep(struct slice text, FILE *out);

/* Letters that make no words, without digits at the end, which a rule would cut off. */
void redact_hash(const struct redact *r, struct slice bytes, FILE *out);

/* The name of a mapping in smaps, and a name that a process gave to memory. */
void redact_mapping_name(struct redact *r, struct slice name, FILE *out);
void redact_given_name(struct redact *r, struct slice name, FILE *out);

/* Whether a program that a distribution installed has this name. */
bool redact_is_installed(struct slice program, struct slice name);

#endif
