/*
 * selection: chooses the processes and mappings of a report.
 *
 * The source itself selects by pid. A process is not selected if the property in question is
 * unknown.
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

/* Whether only some processes are wanted; whether only some of their memory is. */
bool selection_chooses_processes(const struct selection *s);
bool selection_chooses_memory(const struct selection *s);

/* Selects all processes, without changing what is selected of their memory. */
void selection_take_all_processes(struct selection *s);

/* The files of a process needed to decide: NEED_... of source.h. */
unsigned selection_needs(const struct selection *s);

/* This and the next: 1, 0, or -1 if out of memory. */
int selection_wants_process(const struct selection *s, const struct process *process);

/* Globs are tried on the label's text, and on what is between its brackets. A complete label is
 * also compared literally, since in a glob its brackets would mean a set. */
int selection_wants_label(const struct selection *s, struct slice label);

/* Whether a process that is not selected might be if more were known about it. */
bool selection_is_in_doubt(const struct selection *s, const struct process *process);

bool selection_wants_kind(const struct selection *s, enum kind kind);

#endif
