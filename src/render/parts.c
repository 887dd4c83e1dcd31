#include "render/parts.h"

#include "render/moment.h"

#include <inttypes.h>

static cJSON *denied_process(const struct denied *d)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = json_put(object, "pid", json_integer((uint64_t)d->pid));

	return json_finish(
		whole && json_put(object, "name",
				  d->name_known ? json_string((struct slice){d->name, d->length})
						: cJSON_CreateNull()),
		object);
}

static cJSON *denied_processes(const struct coverage *c)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (unsigned i = 0; i < c->denied_count && whole; i++)
		whole = json_append(list, denied_process(&c->denied[i]));
	return json_finish(whole, list);
}

cJSON *json_coverage(const struct coverage *c)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = json_put(object, "seen", json_integer(c->seen));

	for (int i = 0; i < OUTCOME_COUNT && whole; i++)
		whole = json_put(object, outcome_names[i], json_integer(c->by_outcome[i]));
	whole = whole && json_put(object, "unmatched", json_integer(c->unmatched)) &&
		json_put(object, "denied_rss",
			 c->denied_known ? json_integer(c->denied_resident) : cJSON_CreateNull()) &&
		json_put(object, "denied_processes", denied_processes(c));
	return json_finish(whole, object);
}

cJSON *json_answer(enum answer a)
{
	return a == ANSWER_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(a == ANSWER_YES);
}

cJSON *json_tool(const char *version)
{
	cJSON *object = cJSON_CreateObject();

	return json_finish(json_put(object, "name", json_string(SLICE("anonmem"))) &&
				   json_put(object, "version", json_string(slice_of(version))),
			   object);
}

cJSON *json_moment(const struct machine *m)
{
	char text[MOMENT_MAX];

	return moment_format(m, text) ? json_string(slice_of(text)) : cJSON_CreateNull();
}

cJSON *json_keys(const struct grouping *by)
{
	const char *names[KEY_COUNT];

	for (unsigned i = 0; i < by->count; i++)
		names[i] = key_names[by->keys[i]];
	return cJSON_CreateStringArray(names, (int)by->count);
}

cJSON *json_sentences(char *const *lines, size_t count)
{
	cJSON *array = cJSON_CreateArray();
	bool whole = true;

	for (size_t i = 0; i < count && whole; i++)
		whole = json_append(array, json_string(slice_of(lines[i])));
	return json_finish(whole, array);
}

static cJSON *history(const struct trend *t)
{
	cJSON *array = cJSON_CreateArray();
	bool whole = true;

	for (unsigned i = 0; i < t->history_count && whole; i++)
		whole = json_append(array, json_integer(t->history[i]));
	return json_finish(whole, array);
}

cJSON *json_cell(const struct column *column, const struct cell *cell)
{
	char text[32];

	if (!cell->known)
		return cJSON_CreateNull();
	switch (column->type) {
	case CELL_TEXT:
		return json_string(cell->text);
	case CELL_PERCENT:
		snprintf(text, sizeof(text), "%.3f", cell->percent);
		return cJSON_CreateRaw(text);
	case CELL_ADDRESS:
		snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", cell->number);
		return cJSON_CreateRaw(text);
	case CELL_CHANGE:
		snprintf(text, sizeof(text), "%" PRId64, cell->change);
		return cJSON_CreateRaw(text);
	case CELL_STATE:
		return json_string(slice_of(trend_names[cell->number]));
	case CELL_GRAPH:
		return history(cell->graph);
	case CELL_NUMBER:
	case CELL_BYTES:
	case CELL_BOUNDS:
		break;
	}
	return json_integer(cell->number);
}
