#include "cli/side.h"

#include "cli/say.h"
#include "collect/survey.h"

#include <stdlib.h>

int side_open(struct side *side, char *path, const struct options *o, struct error *e)
{
	*side = (struct side){.path = path};
	side->source = path ? source_open_from(&side->path, 1, e)
			    : source_open_proc(NULL, o->pids, o->pid_count, e);
	return side->source ? 0 : -1;
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

int side_load(struct side *side, const struct options *o, struct error *e)
{
	if (!side->path)
		return 0;
	if (source_load(side->source, e) < 0)
		return -1;
	if (source_kind(side->source) == SOURCE_REPORT)
		return load_document(side, e);
	if (source_kind(side->source) == SOURCE_SMAPS && chooses(o))
		return error_set(e, ERROR_USAGE,
				 "%s is a smaps file, which does not say whose it is: --pid, "
				 "--name, --user, --cgroup and --children need a captured tree",
				 side->path);
	if (source_kind(side->source) != SOURCE_SMAPS)
		source_limit(side->source, o->pids, o->pid_count);
	return 0;
}

/* A report tells apart only what it is grouped by. */
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
			return error_set(e, ERROR_USAGE,
					 "%s is a report by %s, which does not tell memory apart "
					 "by %s; choose other keys with --by",
					 side->path, list, key_names[by->keys[i]]);
	}
	return 0;
}

static int read_source(struct side *side, const struct collect_options *collecting, struct error *e)
{
	struct collect_options with_containers = *collecting;
	struct containers *containers = NULL;
	int status;

	if (source_kind(side->source) != SOURCE_SMAPS) {
		containers = containers_open(side->source, e);
		if (!containers)
			return -1;
		with_containers.containers = containers;
	}
	status = survey(side->source, &with_containers, &side->snapshot, e);
	containers_close(containers);
	return status;
}

int side_read(struct side *side, const struct collect_options *collecting, struct error *e)
{
	if (!side->document)
		return read_source(side, collecting, e);
	if (check_keys(side, &collecting->by, e) < 0)
		return -1;
	if (document_fold(side->document, &collecting->by, &side->snapshot, e) < 0)
		return error_prefix(e, "%s", side->path);
	return 0;
}

static bool is_capture(const struct side *side)
{
	return side->path && !side->document;
}

enum inferring side_inferring(const struct side *a, const struct side *b, enum inferring asked)
{
	return asked == INFER_CONTENT && (is_capture(a) || is_capture(b)) ? INFER_PLACE : asked;
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
}
