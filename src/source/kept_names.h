/*
 * kept_names: the names that a process keeps itself, on a kernel that does not (label/layout.h).
 *
 * They are found in its maps, read from its memory, and given to its mappings; a mapping that holds
 * several names, or one and unnamed memory, becomes several.
 *
 *	n = kept_names_new()
 *	kept_names_forget(n)		a new process
 *	kept_names_begin(n, ...)	before each reading of its mappings: the stage for them
 *	kept_names_end(n)		after it
 *	kept_names_free(n)
 *
 * The process may be hostile. What is read of it has a size that is known before; every number is
 * checked before it is used, every look is counted; and only pages that are there are read, since
 * reading one that is not could wait for whoever is to bring it (userfaultfd(2)). The worst that a
 * process can do is to give wrong names to its own memory, which it may do anyway.
 */
#ifndef SOURCE_KEPT_NAMES_H
#define SOURCE_KEPT_NAMES_H

#include "source/process_memory.h"

enum kept_names_state {
	NAMES_NONE,  /* the process keeps none */
	NAMES_KNOWN, /* its mappings got their names */
	NAMES_LOST,  /* it keeps some that could not be read */
};

struct kept_names;

/* NULL with errno if memory is short, or where memfds lie cannot be found out. */
struct kept_names *kept_names_new(void);
void kept_names_free(struct kept_names *n);

void kept_names_forget(struct kept_names *n);

/* The stage that names mappings of a process, which has this memory, on their way to `next`; `last`
 * if the process will not be read again should it change meanwhile. */
struct stage kept_names_begin(struct kept_names *n, struct process_memory *memory, bool last,
			      struct stage next);

/* True if the names were found only behind memory that may have one: the next reading knows where
 * they are. */
bool kept_names_end(const struct kept_names *n);

enum kept_names_state kept_names_state(const struct kept_names *n);

/* Whether a mapping looks as if it held such names. */
bool kept_names_lie_in(const struct mapping *m);

#endif
