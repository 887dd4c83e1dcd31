#include "collect/others.h"

#include <stdlib.h>

bool others_exist(const struct source *source, const struct collect_options *options)
{
	const struct selection *s = &options->selection;

	return source_kind(source) != SOURCE_SMAPS &&
	       (source_is_limited(source) || selection_chooses_processes(s));
}

/* Removes pids from an ascending list; both ascend. */
static void leave_out(struct target_list *list, const pid_t *pids, size_t count)
{
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < list->count; i++) {
		pid_t pid = list->targets[i].pid;

		while (at < count && pids[at] < pid)
			at++;
		if (at == count || pids[at] != pid)
			list->targets[kept++] = list->targets[i];
	}
	list->count = kept;
}

int others_collect(const struct source *source, const struct collect_options *options,
		   const pid_t *read, size_t count, take_record_fn *take, void *ctx,
		   struct error *e)
{
	struct target_list targets;
	const struct collect_options wanted = {
		.by = {.keys = {KEY_KIND}, .count = 1},
		.selection = {.kinds = 1U << KIND_SHMEM},
		.jobs = options->jobs,
		.targets = &targets,
	};
	struct source *all = source_without_limit(source);
	struct read_stats ignored = {0};
	struct intern symbols;
	int status;

	if (!all)
		return error_memory(e);
	status = source_targets(all, &targets, e);
	if (status == 0) {
		leave_out(&targets, read, count);
		intern_init(&symbols);
		status = collect(all, &wanted, &symbols, take, ctx, &ignored, e);
		intern_free(&symbols);
		free(targets.targets);
	}
	source_close(all);
	return status;
}
