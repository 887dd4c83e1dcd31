#include "model/selection.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdlib.h>

bool selection_chooses_processes(const struct selection *s)
{
	return s->name || s->by_user || s->cgroup;
}

bool selection_chooses_memory(const struct selection *s)
{
	return s->label_count > 0 || s->kinds > 0;
}

void selection_take_all_processes(struct selection *s)
{
	s->name = NULL;
	s->by_user = false;
	s->cgroup = NULL;
}

unsigned selection_needs(const struct selection *s)
{
	unsigned needs = 0;

	if (s->name)
		needs |= NEED_STAT | NEED_EXE;
	if (s->by_user)
		needs |= NEED_UID;
	if (s->cgroup)
		needs |= NEED_CGROUP;
	return needs;
}

/* Matching changes the state of a pattern; see rules.c. */
static pthread_mutex_t matching = PTHREAD_MUTEX_INITIALIZER;

static int matches_regex(const regex_t *pattern, struct slice text)
{
	char *string = strndup(text.ptr, text.len);
	int status;

	if (!string)
		return -1;
	pthread_mutex_lock(&matching);
	status = regexec(pattern, string, 0, NULL, 0);
	pthread_mutex_unlock(&matching);
	free(string);
	return status == 0 ? 1 : status == REG_NOMATCH ? 0 : -1;
}

static int matches_glob(const char *glob, struct slice text)
{
	char *string = strndup(text.ptr, text.len);
	int status;

	if (!string)
		return -1;
	status = fnmatch(glob, string, 0);
	free(string);
	return status == 0 ? 1 : status == FNM_NOMATCH ? 0 : -1;
}

static int matches_name(const regex_t *pattern, const struct process *process)
{
	int matches = process->known & PROCESS_NAME ? matches_regex(pattern, process->name) : 0;

	if (matches != 0 || !(process->known & PROCESS_EXE))
		return matches;
	return matches_regex(pattern, slice_base_name(process->exe));
}

int selection_wants_process(const struct selection *s, const struct process *process)
{
	int wanted = s->name ? matches_name(s->name, process) : 1;

	if (wanted != 1)
		return wanted;
	if (s->by_user && (!(process->known & PROCESS_UID) || process->uid != s->uid))
		return 0;
	if (s->cgroup)
		return process->known & PROCESS_CGROUP ? matches_glob(s->cgroup, process->cgroup)
						       : 0;
	return 1;
}

bool selection_is_in_doubt(const struct selection *s, const struct process *process)
{
	return (s->name && !(process->known & PROCESS_NAME)) ||
	       (s->by_user && !(process->known & PROCESS_UID)) ||
	       (s->cgroup && !(process->known & PROCESS_CGROUP));
}

int selection_wants_label(const struct selection *s, struct slice label)
{
	struct slice text = label_text(label), bare = label;

	if (slice_begins(label, SLICE("[")) && slice_ends(label, SLICE("]")) && label.len >= 2)
		bare = slice_inner(label, 1, 1);
	for (size_t i = 0; i < s->label_count; i++) {
		int matches = slice_equals(slice_of(s->labels[i]), label);

		if (matches == 0)
			matches = matches_glob(s->labels[i], text);
		if (matches == 0)
			matches = matches_glob(s->labels[i], bare);
		if (matches != 0)
			return matches;
	}
	return s->label_count == 0;
}

bool selection_wants_kind(const struct selection *s, enum kind kind)
{
	return s->kinds == 0 || s->kinds & 1U << kind;
}
