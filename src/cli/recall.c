#include "cli/recall.h"

#include "cli/progress.h"
#include "cli/show.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Splits FILE@TIME. A file may have an @ in its name; the part that exists is the file. NULL if out
 * of memory. */
static char *split(const char *from, const char **time)
{
	const char *at = strrchr(from, '@');

	*time = NULL;
	if (!at || access(from, F_OK) == 0)
		return strdup(from);
	*time = at + 1;
	return strndup(from, (size_t)(at - from));
}

bool recall_is_named(const char *from)
{
	const char *time;
	char *path = split(from, &time);
	bool is = path && recording_is(path);

	free(path);
	return is;
}

bool recall_is(const struct options *o)
{
	return o->from_count == 1 && recall_is_named(o->from[0]);
}

int recall_refuse(const struct options *o, const char *why, struct error *e)
{
	for (size_t i = 0; i < o->from_count; i++) {
		if (recall_is_named(o->from[i]))
			return error_set(e, ERROR_USAGE, "%s is a recording; %s", o->from[i], why);
	}
	return 0;
}

/* Refuses options that cannot be used with a recording. */
static int check(const struct options *o, struct error *e)
{
	const struct {
		bool asked;
		const char *text;
	} refused[] = {
		{wants_exclusive(o), "a recording does not have the column exclusive"},
		{wants_usages(o), "a recording does not have the columns limit, current and peak"},
		{wants_heaps(o), "a recording does not have the columns heap_used and heap_free"},
		{o->children, "--children cannot be used with a recording, which does not have the "
			      "parents of processes"},
		{o->verify, "--verify needs smaps_rollup, which a recording does not have"},
		{o->infer == INFER_NONE,
		 "--no-infer cannot be used with a recording; use it with anonmem "
		 "record"},
		{o->fast || o->max_stall_given,
		 "--fast and --max-stall apply to reading processes, "
		 "not to recordings"},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (refused[i].asked)
			return error_set(e, ERROR_USAGE, "%s", refused[i].text);
	}
	return 0;
}

int recall_open_named(const char *from, struct recalled *r, struct error *e)
{
	*r = (struct recalled){.path = NULL};
	r->path = split(from, &r->time);
	if (!r->path)
		return error_memory(e);
	r->recording = recording_open(r->path, e);
	return r->recording ? 0 : -1;
}

int recall_open(const struct options *o, struct recalled *r, struct error *e)
{
	*r = (struct recalled){.path = NULL};
	return check(o, e) < 0 ? -1 : recall_open_named(o->from[0], r, e);
}

void recall_free(struct recalled *r)
{
	recording_close(r->recording);
	free(r->path);
}

/* Drops keys that the user did not choose and that were not recorded. */
static int settle_keys(struct options *o, const struct recalled *r, struct error *e)
{
	if (!o->by_default || recording_leave_keys(r->recording, &o->by, e) < 0)
		return o->by_default ? -1 : 0;
	if (o->by.count == 0)
		o->by = (struct grouping){.keys = {KEY_KIND}, .count = 1};
	return 0;
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

static bool is_span(const struct recalled *r)
{
	return r->time && strstr(r->time, "..");
}

int recall_read(struct options *o, const struct recalled *r, const struct rules *rules,
		struct snapshot *s, struct error *e)
{
	struct recall what;

	if (is_span(r))
		return error_set(e, ERROR_USAGE, "%s is a span of time; it needs --format html",
				 r->time);
	if (recording_find(r->recording, r->time, e) < 0 || settle_keys(o, r, e) < 0)
		return -1;
	what = recall_describe(o, rules);
	return recording_read(r->recording, &what, s, e);
}

bool recall_wants_span(const struct options *o, const struct recalled *r)
{
	return o->renderer->over_time && (!r->time || is_span(r));
}

/* Finds the column that is shown over time. */
static int find_counter(const struct options *o, enum counter *counter, struct error *e)
{
	*counter = COUNTER_PSS;
	if (o->columns.count == 0 || !o->columns.replaces)
		return 0;
	if (o->columns.list[0]->role != COLUMN_COUNTER || o->columns.list[0]->type != CELL_BYTES)
		return error_set(e, ERROR_USAGE,
				 "the column %s cannot be shown over time: expected pss, rss, uss, "
				 "swap or another size of smaps first",
				 o->columns.list[0]->name);
	*counter = (enum counter)o->columns.list[0]->which;
	return 0;
}

int recall_read_span(struct options *o, const struct recalled *r, const struct rules *rules,
		     struct snapshot *s, struct timeline *t, struct error *e)
{
	enum counter counter;
	struct progress progress;
	struct recall what;
	struct sample first;
	int status;

	if (find_counter(o, &counter, e) < 0 ||
	    recording_find_span(r->recording, r->time, &first, e) < 0 || settle_keys(o, r, e) < 0)
		return -1;
	what = recall_describe(o, rules);
	what.progress = progress_of_recording;
	what.progress_ctx = &progress;
	progress_begin(&progress, !o->quiet);
	status = recording_read(r->recording, &what, s, e);
	if (status == 0)
		status = recording_history(r->recording, &what, &first, counter, s, t, e);
	progress_end(&progress);
	return status;
}
