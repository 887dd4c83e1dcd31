/*
 * kept_names: names that a process keeps itself because the kernel does not (label/layout.h).
 *
 * The table is found in the process's maps and read from its memory; a mapping with several names,
 * or partly named, is split.
 *
 *	n = kept_names_new()
 *	kept_names_forget(n)		a new process
 *	kept_names_begin(n, ...)	before each reading of its mappings: the stage for them
 *	kept_names_end(n)		after it
 *	kept_names_free(n)
 *
 * The process may be hostile. Reads have fixed sizes; every number is checked before use; the
 * number of reads is limited; and only present pages are read, since a missing page could block the
 * reader (userfaultfd(2)). The worst a process can do is to give its own memory wrong names, which
 * it may do anyway.
 */
#ifndef SOURCE_KEPT_NAMES_H
#define SOURCE_KEPT_NAMES_H

#include "source/process_memory.h"

enum kept_names_state {
	NAMES_NONE,  /* the process keeps none */
	NAMES_KNOWN, /* its mappings got the names */
	NAMES_LOST,  /* it keeps names that could not be read */
};

struct kept_names;

/* NULL with errno if out of memory, or the device of memfds cannot be determined. */
struct kept_names *kept_names_new(struct io *io);
void kept_names_free(struct kept_names *n);

void kept_names_forget(struct kept_names *n);

/* The stage that names mappings of the process in `dir`, which has this memory, on their way to
 * `next`; `last` if the process will not be read again if it changes. */
struct stage kept_names_begin(struct kept_names *n, const struct procdir *dir,
			      struct process_memory *memory, bool last, struct stage next);

/* True if the table was found only after memory that may have a name; the next reading will know
 * where it is. */
bool kept_names_end(const struct kept_names *n);

enum kept_names_state kept_names_state(const struct kept_names *n);

/* What the memory that holds them is called in smaps. */
extern const struct slice kept_names_place;

/* Whether a mapping looks like such a table. */
bool kept_names_lie_in(const struct mapping *m);

#endif
