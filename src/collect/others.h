/*
 * others: reads processes that a selection leaves out, if they matter nevertheless.
 *
 * Swapped shared memory is divided among all processes that map it. If a report is limited to some
 * processes, the others must be read too, if there is something to divide.
 */
#ifndef COLLECT_OTHERS_H
#define COLLECT_OTHERS_H

#include "collect/collect.h"

/* Whether a reading with these options skips processes by their identity. */
bool others_exist(const struct source *source, const struct collect_options *options);

/* Makes a record of each process except those read already, whose pids ascend. Only the swapped
 * shared memory in these records is meaningful. 0, or -1 with *e. */
int others_collect(const struct source *source, const struct collect_options *options,
		   const pid_t *read, size_t count, take_record_fn *take, void *ctx,
		   struct error *e);

#endif
