/*
 * lineage: the processes that are chosen, and their descendants.
 *
 *	options.children = &lineage	all zero at first
 *	lineage_targets(...)		what survey and watch do each time they read
 *	lineage_free(&lineage)
 *
 * Who was once among them stays; see source/descendants.h. A watch keeps its lineage for that.
 */
#ifndef COLLECT_LINEAGE_H
#define COLLECT_LINEAGE_H

#include "collect/options.h"
#include "source/descendants.h"

struct lineage {
	struct descendants descendants;
	uint64_t unmatched; /* others that may be chosen, or may be descendants */
};

/* Lists what is to be read: those of the source that the selection chooses, with options->children.
 * The caller frees the list. 0, or -1 with *e. */
int lineage_targets(const struct source *source, const struct collect_options *options,
		    struct target_list *list, struct error *e);

/* How to read these: all of them are chosen. */
struct collect_options lineage_reading(const struct collect_options *options,
				       const struct target_list *list);

void lineage_free(struct lineage *l);

#endif
