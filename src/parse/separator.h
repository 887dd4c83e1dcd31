/*
 * separator: lines of a capture that the kernel did not write.
 *
 * A capture of several processes has something between them: headers of tail, head or sp-endurance,
 * a path that a shell loop prints, a blank line, cat's message about a process that may not be
 * read, or the path that grep puts before each line.
 *
 * Only lines that are neither the header of a mapping nor a field are parsed here.
 */
#ifndef PARSE_SEPARATOR_H
#define PARSE_SEPARATOR_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

enum separator_kind {
	SEPARATOR_BLANK,   /* an empty line or a comment */
	SEPARATOR_INDENT,  /* blanks or a byte order mark; `rest` follows */
	SEPARATOR_PREFIX,  /* the path of a process; `rest` follows */
	SEPARATOR_PROCESS, /* a process begins */
	SEPARATOR_DETAIL,  /* more about a process that begins: its name or pid */
	SEPARATOR_FAILURE, /* a process could not be read */
};

enum { SEPARATOR_PID_MAX = 4 * 1024 * 1024 }; /* PID_MAX_LIMIT of the kernel */

/* Paths in /proc that mean a different process for each reader. */
enum separator_self { SELF_NO, SELF_PROCESS, SELF_THREAD };

struct separator {
	enum separator_kind kind;
	int32_t pid; /* 0 if the line does not say */
	enum separator_self self;
	struct slice name; /* of the process, or empty */
	struct slice rest;
	int number; /* errno of a failure: EACCES or ESRCH */
	bool cut;   /* set by the parser: the entry above is incomplete */
};

/* Receives each separator except blanks and indents, after the mappings above it have been
 * delivered. Returns 0, or -1 with *e to stop. */
typedef int separate_fn(void *ctx, const struct separator *s, struct error *e);

struct separators {
	separate_fn *take; /* NULL: no separators are expected, as in /proc */
	void *ctx;
};

/* Returns false if the line is not a separator. Slices point into the line. */
bool separator_parse(struct slice line, struct separator *s);

/* Says what a line that is neither smaps nor a separator seems to be, and what to do about it; NULL
 * if unknown. */
const char *separator_complaint(struct slice line);

/* Whether an unknown key can be a field of the kernel's, rather than a separator with a colon in
 * it: the kernel's fields begin with a capital letter. */
bool separator_is_field(struct slice key);

#endif
