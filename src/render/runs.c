#include "render/runs.h"

#include "render/parts.h"
#include "report/order.h"

#include <stdlib.h>

/* Rules that differ only in their limits have one measurement. */
static bool is_repeated(const struct budget *b, size_t i, bool only_column)
{
	for (size_t k = 0; k < i; k++) {
		if (b->list[k].column == b->list[i].column &&
		    (only_column || strcmp(b->list[k].scope, b->list[i].scope) == 0))
			return true;
	}
	return false;
}

struct figure {
	struct slice name;
	const struct usage_entry *entry;
};

static int by_name(const void *x, const void *y)
{
	return slice_compare(((const struct figure *)x)->name, ((const struct figure *)y)->name);
}

static cJSON *make_figure(const struct figure *f)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = object != NULL;

	whole = whole &&
		json_put(object, "name", f->name.len ? json_string(f->name) : cJSON_CreateNull()) &&
		json_put(object, "bytes", json_integer(f->entry->bytes)) &&
		json_put(object, "at_least", cJSON_CreateBool(f->entry->unknown));
	return json_finish(whole, object);
}

static cJSON *make_figures(const struct usage *u)
{
	struct figure *list = calloc((size_t)u->names.count + 1, sizeof(*list));
	cJSON *array = cJSON_CreateArray();
	bool whole = array && list;

	for (symbol i = 0; whole && i < u->names.count; i++)
		list[i] = (struct figure){intern_bytes(&u->names, i), &u->list[i]};
	if (whole)
		qsort(list, u->names.count, sizeof(*list), by_name);
	for (symbol i = 0; whole && i < u->names.count; i++)
		whole = json_append(array, make_figure(&list[i]));
	free(list);
	return json_finish(whole, array);
}

static cJSON *make_rule(const struct budget_rule *rule, const struct usage *u)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = object != NULL;

	whole = json_put(object, "scope", json_string(slice_of(rule->scope))) && whole;
	whole = json_put(object, "column", cJSON_CreateString(rule->column->name)) && whole;
	whole = json_put(object, "open", cJSON_CreateBool(u->open || !u->exists)) && whole;
	whole = json_put(object, "figures", make_figures(u)) && whole;
	return json_finish(whole, object);
}

static cJSON *make_rules(const struct budget *b, const struct usage *usages)
{
	cJSON *array = cJSON_CreateArray();
	bool whole = array != NULL;

	for (size_t i = 0; i < b->count && whole; i++) {
		if (!is_repeated(b, i, false) && !usages[i].unmeasured)
			whole = json_append(array, make_rule(&b->list[i], &usages[i]));
	}
	return json_finish(whole, array);
}

static bool put_cell(cJSON *object, const struct column *column, const struct column_input *in)
{
	struct cell cell = column->get(column, in);

	return json_put(object, column->name, json_cell(column, &cell));
}

static bool put_keys(cJSON *object, const struct column_input *in)
{
	const struct grouping *by = &in->snapshot->by;
	bool whole = true;

	for (unsigned i = 0; i < by->count && whole; i++) {
		const struct column *list[COLUMNS_MAX];
		size_t count = column_of_key(by->keys[i], true, list);

		for (size_t k = 0; k < count && whole; k++) {
			if (!cJSON_HasObjectItem(object, list[k]->name))
				whole = put_cell(object, list[k], in);
		}
	}
	return whole;
}

/* A group with its keys, or the totals: as in a report, with the columns of the rules only. */
static cJSON *make_group(const struct budget *b, const struct column_input *in)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = object && (!in->key || put_keys(object, in));

	whole = whole && json_put(object, "mappings", json_integer(in->group->mappings));
	for (size_t i = 0; i < b->count && whole; i++) {
		if (!is_repeated(b, i, true))
			whole = put_cell(object, b->list[i].column, in);
	}
	return json_finish(whole, object);
}

/* In an order that does not depend on which process was read first. */
static cJSON *make_groups(const struct budget *b, const struct snapshot *s)
{
	uint32_t *order = order_groups(s, NULL, false);
	cJSON *array = cJSON_CreateArray();
	bool whole = array && order;

	for (uint32_t i = 0; whole && i < aggregate_count(&s->groups); i++) {
		const struct column_input in = {.snapshot = s,
						.group = &s->groups.groups[order[i]],
						.key = aggregate_key(&s->groups, order[i])};

		whole = json_append(array, make_group(b, &in));
	}
	free(order);
	return json_finish(whole, array);
}

cJSON *run_make(const struct budget *b, const struct run_view *run)
{
	const struct snapshot *s = run->snapshot;
	const struct column_input all = {.snapshot = s, .group = &s->totals};
	cJSON *object = cJSON_CreateObject();
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"readings", run->is_program ? json_integer(run->readings) : cJSON_CreateNull()},
		{"rules", make_rules(b, run->usages)},
		{"coverage", json_coverage(&s->coverage)},
		{"by", json_keys(&s->by)},
		{"totals", make_group(b, &all)},
		{"groups", make_groups(b, s)},
	};
	bool whole = object != NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		whole = json_put(object, members[i].name, members[i].value) && whole;
	return json_finish(whole, object);
}
