/*
 * collect: reads processes and makes a record of each.
 *
 * Several threads do this. Each has a reader and adds up one process at a time; they share the list
 * of targets and the index of the next one.
 */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "collect/options.h"

/* Calls `take` with a record of each process, whether or not it could be read; `symbols` is the
 * table of their keys, which grows as needed. Adds the cost of reading to *stats. 0, or -1 with *e
 * if the reading could not continue at all. */
int collect(const struct source *source, const struct collect_options *options,
	    struct intern *symbols, take_record_fn *take, void *ctx, struct read_stats *stats,
	    struct error *e);

#endif
