#include "render/parts.h"

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
