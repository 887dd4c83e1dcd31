/*
 * separator: lines of a capture that the kernel did not write.
 *
 * Who captures several processes has something between them: the headers of tail and head, those of
 * sp-endurance, the path that a loop of the shell prints, a blank line, what cat says of a process
 * that may not be read, or the path that grep puts before each line.
 *
 * A line is looked at only if it is neither the header of a mapping nor a field.
 */
#ifndef PARSE_SEPARATOR_H
#define PARSE_SEPARATOR_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

enum separator_kind {
	SEPARATOR_BLANK,   /* nothing, or a comment */
	SEPARATOR_INDENT,  /* blanks or a byte order mark; `rest` stands behind them */
	SEPARATOR_PREFIX,  /* the path of a process; `rest` stands behind it */
	SEPARATOR_PROCESS, /* a process begins */
	SEPARATOR_DETAIL,  /* more on a process that begins: its name or its pid */
	SEPARATOR_FAILURE, /* a process could not be read */
};

enum { SEPARATOR_PID_MAX = 4 * 1024 * 1024 }; /* PID_MAX_LIMIT of the kernel */

/* Paths below /proc that are another process's too. */
enum separator_self { SELF_NO, SELF_PROCESS, SELF_THREAD };

struct separator {
	enum separator_kind kind;
	int32_t pid; /* 0 if the line does not say it */
	enum separator_self self;
	struct slice name; /* of the process, or empty */
	struct slice rest;
	int number; /* of a failure: EACCES or ESRCH */
	bool cut;   /* set by the parser: the entry above is not whole */
};

/* Gets each separator but blanks and indents, when the mappings above it have been delivered. 0, or
 * -1 with *e to stop. */
typedef int separate_fn(void *ctx, const struct separator *s, struct error *e);

struct separators {
	separate_fn *take; /* NULL: there are none, as in /proc */
	void *ctx;
};

/* False if the line is not a separator. Slices point into the line. */
bool separator_parse(struct slice line, struct separator *s);

/* What a line is that is neither smaps nor a separator, and what to do; NULL if that is unknown. */
const char *separator_complaint(struct slice line);

/* Whether an unknown key can be the kernel's, rather than a separator with a colon in it: the
 * kernel's begin with a capital letter. */
bool separator_is_field(struct slice key);

/* The slice without blanks and carriage returns at its end. */
static inline struct slice trim_end(struct slice s)
{
	while (s.len &&
	       (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t' || s.ptr[s.len - 1] == '\r'))
		s.len--;
	return s;
}

#endif
