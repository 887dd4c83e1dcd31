/*
 * others: the processes that a selection leaves out, where they matter nevertheless.
 *
 * What is swapped of shared memory is divided among all that map it. If a report is about some
 * processes only, the others have to be read too, once it is known that there is something to
 * divide.
 */
#ifndef COLLECT_OTHERS_H
#define COLLECT_OTHERS_H

#include "collect/collect.h"

/* Whether a reading with these options passes over processes by who they are. */
bool others_exist(const struct source *source, const struct collect_options *options);

/* Gives a record of each process but those that were read already, whose pids ascend. Of them, only
 * what they have of swapped shared memory is of use. 0, or -1 with *e. */
int others_collect(const struct source *source, const struct collect_options *options,
		   const pid_t *read, size_t count, take_record_fn *take, void *ctx,
		   struct error *e);

#endif
