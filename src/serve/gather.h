/*
 * gather: the figures that metrics need from a reading of a watch.
 *
 * Names become values of labels before groups are added up, so a process counts once in each group
 * even if names of its memory differ only by numbers.
 */
#ifndef SERVE_GATHER_H
#define SERVE_GATHER_H

#include "render/metrics.h"
#include "watch/watch.h"

/* The keys that the watch must have. */
struct grouping gather_keys(const struct grouping *by);

/* Folds the last refresh by some of the keys. 0, or -1 with *e; call snapshot_free() in any case.
 */
int gather_memory(const struct watch *w, const struct grouping *by, struct snapshot *s,
		  struct error *e);

struct gathered_cgroups {
	struct metric_cgroup *list;
	size_t count;
};

/* The largest containers and units, at most `most`; those with a limit come first. 0, or -1 with
 * *e; call gathered_cgroups_free() in any case. */
int gather_cgroups(const struct watch *w, const struct source *source, size_t most,
		   struct gathered_cgroups *g, struct error *e);
void gathered_cgroups_free(struct gathered_cgroups *g);

#endif
