#include "cli/side.h"

#include "cli/progress.h"
#include "cli/say.h"
#include "collect/survey.h"

#include <stdlib.h>

int side_open(struct side *side, char *path, const struct options *o, struct error *e)
{
	*side = (struct side){.path = path, .options = o};
	if (path && recall_is_named(path))
		return recall_open_named(path, &side->recalled, e);
	side->source = path ? source_open_from(&side->path, 1, e)
			    : source_open_proc(NULL, o->pids, o->pid_count, e);
	return side->source ? 0 : -1;
}

/* Goes to the sample. */
static int load_recording(struct side *side, struct error *e)
{
	const struct options *o = side->options;
	struct recording *recording = side->recalled.recording;

	if (o->children)
		return error_set(e, ERROR_USAGE,
				 "--children cannot be used with a recording, which does not have "
				 "the parents of processes");
	if (recording_find(recording, side->recalled.time, e) < 0 ||
	    recording_guesses(recording, &side->guesses, e) < 0)
		return -1;
	if (side->guesses && o->infer == INFER_NONE)
		return error_set(
			e, ERROR_USAGE,
			"--no-infer cannot remove guesses from %s; give it to anonmem record",
			side->path);
	return 0;
}

static bool chooses(const struct options *o)
{
	return o->pid_count || o->children || selection_chooses_processes(&o->selection);
}

static int load_document(struct side *side, struct error *e)
{
	size_t size;
	char *text;

	text = source_text(side->source, &size, e);
	if (!text)
		return -1;
	side->document = document_parse((struct slice){text, size}, e);
	free(text);
	return side->document ? 0 : error_prefix(e, "%s", side->path);
}

int side_load(struct side *side, struct error *e)
{
	const struct options *o = side->options;

	if (!side->path)
		return 0;
	if (side->recalled.recording)
		return load_recording(side, e);
	if (source_load(side->source, e) < 0)
		return -1;
	if (source_kind(side->source) == SOURCE_REPORT)
		return load_document(side, e);
	if (source_kind(side->source) == SOURCE_SMAPS && chooses(o))
		return error_set(
			e, ERROR_USAGE,
			"%s is a smaps file, which does not say which process it belongs to: "
			"--pid, --name, --user, --cgroup and --children need a captured tree",
			side->path);
	if (source_kind(side->source) != SOURCE_SMAPS)
		source_limit(side->source, o->pids, o->pid_count);
	return 0;
}

int side_parse(struct side *side, struct slice text, const struct options *o, struct error *e)
{
	*side = (struct side){.options = o};
	side->document = document_parse(text, e);
	return side->document ? 0 : -1;
}

size_t side_runs(const struct side *side)
{
	return side->document ? document_runs(side->document) : 0;
}

/* A report has only the keys that it was grouped by. */
static int check_keys(const struct side *side, const struct grouping *by, struct error *e)
{
	const struct grouping own = document_keys(side->document);
	char list[128] = "";

	for (unsigned i = 0; i < own.count; i++) {
		size_t used = strlen(list);

		snprintf(list + used, sizeof(list) - used, "%s%s", i ? "," : "",
			 key_names[own.keys[i]]);
	}
	for (unsigned i = 0; i < by->count; i++) {
		if (!document_gives(side->document, by->keys[i]))
			return error_set(
				e, ERROR_USAGE,
				"%s is grouped by %s, not by %s; choose other keys with --by",
				side->path, list, key_names[by->keys[i]]);
	}
	return 0;
}

static int read_source(struct side *side, const struct collect_options *collecting, struct error *e)
{
	struct collect_options with_containers = *collecting;
	struct containers *containers = NULL;
	struct progress progress;
	int status;

	if (source_kind(side->source) != SOURCE_SMAPS) {
		containers = containers_open(side->source, e);
		if (!containers)
			return -1;
		with_containers.containers = containers;
	}
	with_containers.progress = progress_of_processes;
	with_containers.progress_ctx = &progress;
	progress_begin(&progress, true);
	status = survey(side->source, &with_containers, &side->snapshot, e);
	progress_end(&progress);
	containers_close(containers);
	return status;
}

static int read_recording(struct side *side, const struct collect_options *collecting,
			  struct error *e)
{
	struct recall what = recall_describe(side->options, collecting->rules);

	what.by = collecting->by;

	return recording_read(side->recalled.recording, &what, &side->snapshot, e);
}

int side_read(struct side *side, const struct collect_options *collecting, struct error *e)
{
	if (side->recalled.recording)
		return read_recording(side, collecting, e);
	if (!side->document)
		return read_source(side, collecting, e);
	if (check_keys(side, &collecting->by, e) < 0)
		return -1;
	if (document_fold(side->document, 0, &collecting->by, &side->snapshot, e) < 0)
		return error_prefix(e, "%s", side->path);
	return 0;
}

/* A check of other rules may have other keys; then its memory cannot be matched. */
int side_read_run(const struct side *side, size_t run, const struct grouping *by,
		  struct snapshot *s, struct error *e)
{
	int status = document_fold(side->document, run, by, s, e);

	for (unsigned i = 0; i < by->count; i++)
		s->rows_left_out |= !document_gives(side->document, by->keys[i]);
	return status < 0 && side->path ? error_prefix(e, "%s", side->path) : status;
}

enum inferring side_inferring(const struct side *side, enum inferring asked)
{
	if (side->recalled.recording)
		return side->guesses ? asked : INFER_NONE;
	if (!side->path || side->document || asked != INFER_CONTENT)
		return asked;
	return source_is_live(side->source) || source_has_content(side->source) ? asked
										: INFER_PLACE;
}

bool side_say_problems(const struct side *side)
{
	for (size_t i = 0; i < side->snapshot.problems.count; i++)
		say(side->snapshot.problems.list[i].text);
	return side->snapshot.problems.count == 0;
}

void side_free(struct side *side)
{
	snapshot_free(&side->snapshot);
	document_free(side->document);
	source_close(side->source);
	recall_free(&side->recalled);
}
