#include "report/measured.h"

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool is_text(const cJSON *item, const char *text)
{
	const char *found = cJSON_GetStringValue(item);

	return found && strcmp(found, text) == 0;
}

static const cJSON *find_rule(const cJSON *run, const struct budget_rule *rule)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, member(run, "rules"))
	{
		if (is_text(member(item, "scope"), rule->scope) &&
		    is_text(member(item, "column"), rule->column->name))
			return item;
	}
	return NULL;
}

static bool read_figures(const cJSON *rule, struct usage *u)
{
	const cJSON *figure;

	u->exists = true;
	u->open = !cJSON_IsFalse(member(rule, "open"));
	cJSON_ArrayForEach(figure, member(rule, "figures"))
	{
		const char *name = cJSON_GetStringValue(member(figure, "name"));
		const cJSON *bytes = member(figure, "bytes");
		bool known = cJSON_IsNumber(bytes) && bytes->valuedouble >= 0 &&
			     bytes->valuedouble < (double)COUNTER_MAX;

		if (!usage_put(u, slice_of(name ? name : ""),
			       known ? (uint64_t)bytes->valuedouble : 0,
			       !known || !cJSON_IsFalse(member(figure, "at_least"))))
			return false;
	}
	return true;
}

bool measured_read(const cJSON *run, const struct budget *b, struct usage *usages)
{
	for (size_t i = 0; i < b->count; i++) {
		const cJSON *rule = find_rule(run, &b->list[i]);

		usages[i].unmeasured = !rule;
		usages[i].open = !rule;
		if (rule && !read_figures(rule, &usages[i]))
			return false;
	}
	return true;
}
