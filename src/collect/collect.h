/*
 * collect: reads processes and gives a record of each.
 *
 * It works with several threads. Each has a reader and adds up one process at a time; what they
 * share is the list of targets and the number of the next one.
 */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "collect/options.h"

/* A record of each process, whether it could be read or not; `symbols`, of which their keys are,
 * gets what it lacks. Adds to *stats what the reading cost. 0, or -1 with *e when the reading could
 * not continue at all. */
int collect(const struct source *source, const struct collect_options *options,
	    struct intern *symbols, take_record_fn *take, void *ctx, struct read_stats *stats,
	    struct error *e);

#endif
