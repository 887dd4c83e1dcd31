#include "cli/recall.h"

#include "cli/show.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file may have an @ in its name; what there is counts. NULL if out of memory. */
static char *split(const char *from, const char **time)
{
	const char *at = strrchr(from, '@');

	*time = NULL;
	if (!at || access(from, F_OK) == 0)
		return strdup(from);
	*time = at + 1;
	return strndup(from, (size_t)(at - from));
}

bool recall_is(const struct options *o)
{
	const char *time;
	char *path = o->from_count == 1 ? split(o->from[0], &time) : NULL;
	bool is = path && recording_is(path);

	free(path);
	return is;
}

/* What a recording has not. */
static int check(const struct options *o, struct error *e)
{
	const struct {
		bool asked;
		const char *text;
	} refused[] = {
		{wants_exclusive(o), "a recording has no column exclusive"},
		{wants_heaps(o), "a recording has no columns heap_used and heap_free"},
		{o->children,
		 "--children needs processes; a recording does not say who began whom"},
		{o->verify, "--verify needs smaps_rollup, and a recording lacks that"},
		{o->infer == INFER_NONE,
		 "--no-infer cannot be used with a recording; use it with anonmem "
		 "record"},
		{o->fast || o->max_stall_given,
		 "--fast and --max-stall are about reading processes, "
		 "not recordings"},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (refused[i].asked)
			return error_set(e, ERROR_USAGE, "%s", refused[i].text);
	}
	return 0;
}

int recall_open(const struct options *o, struct recalled *r, struct error *e)
{
	*r = (struct recalled){.path = NULL};
	r->path = split(o->from[0], &r->time);
	if (!r->path)
		return error_memory(e);
	if (check(o, e) < 0)
		return -1;
	r->recording = recording_open(r->path, e);
	return r->recording ? 0 : -1;
}

void recall_free(struct recalled *r)
{
	recording_close(r->recording);
	free(r->path);
}

struct recall recall_describe(const struct options *o, const struct rules *rules)
{
	return (struct recall){
		.by = o->by,
		.selection = o->selection,
		.user = o->user_text,
		.pids = o->pids,
		.pid_count = o->pid_count,
		.rules = rules,
	};
}

int recall_read(const struct options *o, const struct recalled *r, const struct rules *rules,
		struct snapshot *s, struct error *e)
{
	const struct recall what = recall_describe(o, rules);

	return recording_find(r->recording, r->time, e) < 0
		       ? -1
		       : recording_read(r->recording, &what, s, e);
}
