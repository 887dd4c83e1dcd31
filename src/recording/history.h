/*
 * history: a span of a recording, as a timeline.
 *
 *	recording_find_span(r, "10:30..12:00", &first)
 *	recording_read(r, what, &snapshot)		of its last sample
 *	recording_history(r, what, &first, counter, &snapshot, &timeline)
 */
#ifndef RECORDING_HISTORY_H
#define RECORDING_HISTORY_H

#include "model/timeline.h"
#include "recording/reader.h"

/* Reads the samples from `first` to the recording's current one twice, since only the values of the
 * largest groups are kept. Adds to the snapshot the groups that it lacks. Call timeline_free() in
 * any case. 0, or -1 with *e. */
int recording_history(struct recording *r, const struct recall *what, const struct sample *first,
		      enum counter counter, struct snapshot *s, struct timeline *t,
		      struct error *e);

#endif
