/*
 * survey: reads everything in a source once, into a snapshot.
 */
#ifndef COLLECT_SURVEY_H
#define COLLECT_SURVEY_H

#include "collect/collect.h"
#include "model/snapshot.h"

/* Fills *s, which the caller frees with snapshot_free() in any case. 0, or -1 with *e if the
 * reading could not continue at all. */
int survey(const struct source *source, const struct collect_options *options, struct snapshot *s,
	   struct error *e);

#endif
