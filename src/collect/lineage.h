/*
 * lineage: finds the chosen processes and their descendants.
 *
 *	options.children = &lineage	all zero at first
 *	lineage_targets(...)		called by survey and watch for each reading
 *	lineage_free(&lineage)
 *
 * A process once found stays; see source/descendants.h. That is why a watch keeps its lineage.
 */
#ifndef COLLECT_LINEAGE_H
#define COLLECT_LINEAGE_H

#include "collect/options.h"
#include "source/descendants.h"

struct lineage {
	struct descendants descendants;
	uint64_t unmatched; /* other processes that may be chosen, or may be descendants */
};

/* Lists the targets: those that the selection chooses and, with options->children, their
 * descendants. The caller frees the list. 0, or -1 with *e. */
int lineage_targets(const struct source *source, const struct collect_options *options,
		    struct target_list *list, struct error *e);

/* Options for reading these targets: without a selection of processes, since all are chosen. */
struct collect_options lineage_reading(const struct collect_options *options,
				       const struct target_list *list);

void lineage_free(struct lineage *l);

#endif
