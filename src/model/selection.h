/*
 * selection: which processes and which mappings a report is about.
 *
 * Selection by pid is the source's, which then reads no other. A process of which the asked thing
 * is not known is not selected.
 */
#ifndef MODEL_SELECTION_H
#define MODEL_SELECTION_H

#include "classify/class.h"
#include "source/source.h"

#include <regex.h>

struct selection {
	const regex_t *name; /* matches comm or the program's base name; NULL for any */
	const char *cgroup;  /* glob, in which * matches slashes too; NULL for any */
	bool by_user;
	uint32_t uid;
	char *const *labels; /* globs; one match is enough */
	size_t label_count;  /* 0 for any label */
	unsigned kinds;	     /* bit 1 << enum kind; 0 for any */
};

/* Whether not all processes are wanted; and not all of their memory. */
bool selection_chooses_processes(const struct selection *s);
bool selection_chooses_memory(const struct selection *s);

/* From now on all processes are wanted, and the same of their memory. */
void selection_take_all_processes(struct selection *s);

/* Which files of a process are needed to tell: NEED_... of source.h. */
unsigned selection_needs(const struct selection *s);

/* This and the next: 1, 0, or -1 if out of memory to tell. */
int selection_wants_process(const struct selection *s, const struct process *process);

/* A glob is tried on the label's text and on what is between its brackets. A whole label is meant
 * as it is, since in a glob its brackets would mean a set. */
int selection_wants_label(const struct selection *s, struct slice label);

/* Whether a process that is not wanted might be, if more were known of it. */
bool selection_is_in_doubt(const struct selection *s, const struct process *process);

bool selection_wants_kind(const struct selection *s, enum kind kind);

#endif
