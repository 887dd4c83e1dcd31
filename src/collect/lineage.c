#include "collect/lineage.h"

#include "collect/collect.h"

#include <stdlib.h>

struct pids {
	pid_t *list; /* owned */
	size_t count;
};

/* The chosen processes, and those for which it is unknown. Both have room for all processes. */
struct chosen {
	struct pids yes, unknown;
};

static bool take(void *ctx, const struct record *r)
{
	struct chosen *chosen = ctx;

	if (r->match == MATCH_YES)
		chosen->yes.list[chosen->yes.count++] = r->process.pid;
	else if (r->match == MATCH_UNKNOWN)
		chosen->unknown.list[chosen->unknown.count++] = r->process.pid;
	return true;
}

/* Identifies each process, without reading its memory. */
static int identify(const struct source *source, const struct collect_options *options,
		    const struct target_list *all, struct chosen *chosen, struct error *e)
{
	const struct collect_options asking = {
		.by = {.keys = {KEY_LABEL}, .count = 1},
		.selection = options->selection,
		.identify = true,
		.jobs = 1,
		.targets = all,
	};
	struct read_stats ignored = {0};
	struct intern symbols;
	int status;

	intern_init(&symbols);
	status = collect(source, &asking, &symbols, take, chosen, &ignored, e);
	intern_free(&symbols);
	return status;
}

static int choose(const struct source *source, const struct collect_options *options,
		  const struct target_list *all, struct chosen *chosen, struct error *e)
{
	if (selection_chooses_processes(&options->selection))
		return identify(source, options, all, chosen, e);
	for (; chosen->yes.count < all->count; chosen->yes.count++)
		chosen->yes.list[chosen->yes.count] = all->targets[chosen->yes.count].pid;
	return 0;
}

static bool has_target(const struct target_list *list, pid_t pid)
{
	const struct target key = {.pid = pid};

	return list->count && bsearch(&key, list->targets, list->count, sizeof(key), target_by_pid);
}

/* Lists the chosen processes, even if they have exited, and all their descendants. */
static int list_all(const struct lineage *l, const struct chosen *chosen, struct target_list *list,
		    struct error *e)
{
	size_t room = chosen->yes.count + l->descendants.count;

	*list = (struct target_list){calloc(room + 1, sizeof(*list->targets)), 0};
	if (!list->targets)
		return error_memory(e);
	for (size_t i = 0; i < chosen->yes.count; i++)
		list->targets[list->count++].pid = chosen->yes.list[i];
	for (size_t i = 0; i < l->descendants.count; i++)
		list->targets[list->count++].pid = l->descendants.kin[i].pid;
	target_list_unique(list);
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static bool is_unknown(const struct descendants *d, pid_t pid)
{
	return d->unknown_count && bsearch(&pid, d->unknown, d->unknown_count, sizeof(pid), by_pid);
}

static int find_targets(const struct source *source, const struct collect_options *options,
			const struct target_list *all, struct chosen *chosen,
			struct target_list *list, struct error *e)
{
	struct lineage *l = options->children;

	if (choose(source, options, all, chosen, e) < 0 ||
	    descendants_update(&l->descendants, source, chosen->yes.list, chosen->yes.count, e) <
		    0 ||
	    list_all(l, chosen, list, e) < 0)
		return -1;
	l->unmatched = l->descendants.unknown_count;
	for (size_t i = 0; i < chosen->unknown.count; i++)
		l->unmatched += !has_target(list, chosen->unknown.list[i]) &&
				!is_unknown(&l->descendants, chosen->unknown.list[i]);
	return 0;
}

int lineage_targets(const struct source *source, const struct collect_options *options,
		    struct target_list *list, struct error *e)
{
	struct target_list all;
	struct chosen chosen = {0};
	int status = source_targets(source, &all, e);

	*list = (struct target_list){0};
	if (status < 0)
		return -1;
	chosen.yes.list = calloc(all.count + 1, sizeof(*chosen.yes.list));
	chosen.unknown.list = calloc(all.count + 1, sizeof(*chosen.unknown.list));
	if (chosen.yes.list && chosen.unknown.list)
		status = find_targets(source, options, &all, &chosen, list, e);
	else
		status = error_memory(e);
	free(chosen.yes.list);
	free(chosen.unknown.list);
	free(all.targets);
	return status;
}

struct collect_options lineage_reading(const struct collect_options *options,
				       const struct target_list *list)
{
	struct collect_options reading = *options;

	selection_take_all_processes(&reading.selection);
	reading.targets = list;
	return reading;
}

void lineage_free(struct lineage *l)
{
	descendants_free(&l->descendants);
	*l = (struct lineage){0};
}
