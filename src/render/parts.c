#include "render/parts.h"

cJSON *json_coverage(const struct coverage *c)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = json_put(object, "seen", json_integer(c->seen));

	for (int i = 0; i < OUTCOME_COUNT && whole; i++)
		whole = json_put(object, outcome_names[i], json_integer(c->by_outcome[i]));
	return json_finish(whole, object);
}

cJSON *json_answer(enum answer a)
{
	return a == ANSWER_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(a == ANSWER_YES);
}
