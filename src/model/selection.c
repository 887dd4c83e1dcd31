#include "model/selection.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdlib.h>

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

/* A pattern has a state that its matches change; see rules.c. */
static pthread_mutex_t matching = PTHREAD_MUTEX_INITIALIZER;

static bool matches_regex(const regex_t *pattern, struct slice text)
{
	char *string = strndup(text.ptr, text.len);
	bool matches;

	pthread_mutex_lock(&matching);
	matches = string && regexec(pattern, string, 0, NULL, 0) == 0;
	pthread_mutex_unlock(&matching);
	free(string);
	return matches;
}

static struct slice base_name(struct slice path)
{
	const char *slash = memrchr(path.ptr, '/', path.len);

	return slash ? slice_inner(path, (size_t)(slash - path.ptr) + 1, 0) : path;
}

static bool matches_glob(const char *glob, struct slice text)
{
	char *string = strndup(text.ptr, text.len);
	bool matches = string && fnmatch(glob, string, 0) == 0;

	free(string);
	return matches;
}

bool selection_wants_process(const struct selection *s, const struct process *process)
{
	if (s->name) {
		bool comm = process->known & PROCESS_NAME && matches_regex(s->name, process->name);
		bool exe = process->known & PROCESS_EXE &&
			   matches_regex(s->name, base_name(process->exe));

		if (!comm && !exe)
			return false;
	}
	if (s->by_user && (!(process->known & PROCESS_UID) || process->uid != s->uid))
		return false;
	if (s->cgroup &&
	    (!(process->known & PROCESS_CGROUP) || !matches_glob(s->cgroup, process->cgroup)))
		return false;
	return true;
}

bool selection_wants_label(const struct selection *s, struct slice label)
{
	struct slice text = label_text(label), bare = label;

	if (slice_begins(label, SLICE("[")) && slice_ends(label, SLICE("]")) && label.len >= 2)
		bare = slice_inner(label, 1, 1);
	for (size_t i = 0; i < s->label_count; i++) {
		if (slice_equals(slice_of(s->labels[i]), label) ||
		    matches_glob(s->labels[i], text) || matches_glob(s->labels[i], bare))
			return true;
	}
	return s->label_count == 0;
}

bool selection_wants_kind(const struct selection *s, enum kind kind)
{
	return s->kinds == 0 || s->kinds & 1U << kind;
}
